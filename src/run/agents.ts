import type { Group, Plan } from "../schema/plan.ts";
import type { Fleet } from "./fleet.ts";
import type { ManifestLine, Share, ShareProvenance } from "../schema/run.ts";
import type { FromChild, ToChild } from "./messages.ts";

/** Who drives sessions of an attempt, or samples it: a process of this machine, or a machine elsewhere. */
export interface Agent {
  /** Of a process of this machine. */
  readonly pid?: number;
  /** Settles when it is ready, or has ended without. */
  readonly ready: Promise<Extract<FromChild, { type: "ready" }>>;
  /** Settles when its rows are here whole, or will never be. */
  readonly done: Promise<Extract<FromChild, { type: "done" }>>;
  /** Says something; what is not for it is not heeded. */
  tell(message: ToChild): void;
  /** Its clock minus this process's monotonic one [ms]. */
  clockOffset(): Promise<number>;
  /** Ends it, whatever it does. */
  end(): Promise<void>;
}

/** Those who drive an attempt from other machines. */
export interface Crew {
  /** Between everybody's "ready" and the attempt's zero: time for the word to reach everybody [ms]. */
  readonly lead_ms: number;
  /** Sets one of them to its job. */
  start(job: number, onMessage: (message: FromChild) => void): Agent;
}

/** Who leads an attempt of which this machine drives a share. */
export interface Leader {
  /** Number of the share, which its resource rows say. */
  share: number;
  /** Of these groups resources are recorded. */
  groups: Group[];
  /** Agents that have heard nothing for so long stop by themselves [ms]. */
  silence_ms: number;
  /** Calls whenever the leader was heard of. */
  heard(tell: () => void): void;
  /** Says that this share is ready; resolves to the attempt's start, by this machine's wall clock [ms since 1970]. */
  start(browser?: Extract<FromChild, { type: "ready" }>["browser"]): Promise<number>;
  /** Aborts when the load is to end. */
  end: AbortSignal;
  onStats?(stats: Omit<Extract<FromChild, { type: "stats" }>, "type">): void;
}

/** An attempt, as those who drive it from elsewhere know it. */
export interface CrewAttempt {
  plan: Plan;
  level: number;
  replicate: number;
  attempt: number;
  /** Its folder, and that relative to the run. */
  folder: string;
  path: string;
}

/** The machines that drive one attempt. */
export interface Team {
  /** What each of them drives, in order. */
  shares: { share: Share; sessions: number[] }[];
  crew(attempt: CrewAttempt): Crew;
  /** What was sent that no row of the attempt became, once it is over. */
  refused(): Omit<Extract<ManifestLine, { event: "batches_refused" }>, "at" | "event" | "path"> | undefined;
}

/** Those who drive a sweep from other machines, and how it uses them. */
export interface DrivingFleet extends Fleet {
  /**
   * Waits until there are enough of them for a plan, or the signal aborts.
   *
   * @throws {InputError} If they do not come, can never carry its levels, or cannot drive it where they are.
   */
  check(plan: Plan, signal?: AbortSignal): Promise<void>;
  /**
   * Those who are there now, for a level; waits for more where they are too few.
   *
   * @throws {Error} If they do not come, or the signal aborts.
   * @throws {FleetLostError} If nobody can be reached any more.
   */
  gather(level: number, signal: AbortSignal): Promise<Team>;
  /** Takes over the numbers of those who drove parts of the sweep before. */
  adopt(machines: readonly ShareProvenance[]): void;
}

/** There is no way to those who drive the sweep: trying again does not help, and what is written can be gone on with. */
export class FleetLostError extends Error {
  override name = "FleetLostError";
}

/** @throws {TypeError} If it is no fleet that can drive. */
export function drivingFleet(fleet: Fleet | undefined): DrivingFleet | undefined {
  if (fleet === undefined || "gather" in fleet) return fleet as DrivingFleet | undefined;
  throw new TypeError("Cannot use fleet as one that drives: it must be what `openFleet` returned");
}
