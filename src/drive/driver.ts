import type { Plan } from "../schema/plan.ts";
import type { EventRow, RequestRow } from "../schema/rows.ts";
import type { Share } from "../schema/run.ts";

/** What sessions of `http` mode are given and nobody else: it reaches the agent through its pipe, and is never written. */
export interface HttpSecrets {
  /** Values of `{env.NAME}`, by name. */
  environment?: Record<string, string>;
  /** Rows of the plan's users, by column: session k is the user k modulo their number. */
  users?: Record<string, string>[];
  /** Certificates of the authorities to trust, PEM. */
  ca?: string;
}

/** One share of one attempt: what an agent is told to drive. */
export interface DriveJob {
  plan: Plan;
  /** Sessions of the whole level. */
  level: number;
  replicate: number;
  attempt: number;
  /** The sessions of this share, by number. */
  sessions: number[];
  /** The share itself, which arrivals are dealt by; where it is absent they are dealt by its sessions. */
  share?: Share;
  /** `http` mode: the scenario's module, by its whole path. */
  module?: string;
  /** Address to connect to, resolved and checked by the coordinator. */
  address: string;
  /** What the coordinator read for the sessions of `http` mode. */
  secrets?: HttpSecrets;
  /** The run's folder. */
  run: string;
  /** Folder for artifacts of this attempt, in the run's. */
  artifacts: string;
}

/** An event before it is numbered. */
export type DriveEvent = EventRow extends infer Row ? Row extends EventRow ? Omit<Row, "seq"> : never : never;

/** Where a driver leaves what happens. */
export interface Sink {
  request(row: Omit<RequestRow, "seq">): void;
  event(row: DriveEvent): void;
  /** Told that this session's iteration has ended, after its last row. */
  iteration?(session: number): void;
  /** The disk is nearly full: drivers write no more artifacts. */
  readonly dropsArtifacts?: boolean;
}

/** Time since the attempt's start, and waiting for it. Passed in, so that all processes share one zero. */
export interface AttemptClock {
  /** Monotonic [ms]; negative before the start. */
  now(): number;
  /** Resolves at `t_ms`, or at once when the signal aborts. */
  until(t_ms: number, signal?: AbortSignal): Promise<void>;
}

/** Drives sessions against a target. */
export interface Driver {
  /** Everything that must not happen on the clock: launching browsers, opening contexts. */
  prepare(): Promise<void>;
  /**
   * Runs the sessions until `stop` aborts, then drains them.
   *
   * @param stop no iteration starts after it; those under way have `drain_ms` to end.
   */
  run(clock: AttemptClock, stop: AbortSignal): Promise<void>;
  close(): Promise<void>;
  /** What the browser is, for the provenance. */
  browser?(): { path: string; version: string; source: string; sandboxed: boolean };
}

/** How long iterations under way may go on after the end [ms]. */
export const DRAIN_MS = 5000;
