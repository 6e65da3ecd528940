import type { DriveJob } from "../drive/driver.ts";
import type { GroupRoots } from "../sample/sampler.ts";
import type { ScrapeOptions } from "../sample/scrape_target.ts";
import type { Group } from "../schema/plan.ts";
import type { FileSeal, ShareSeal } from "../schema/run.ts";
import type { ResourceRow } from "../schema/rows.ts";

/** What the coordinator says to an agent or the sampler, one JSON document a line on its standard input. */
export type ToChild =
  /** An agent that is told a `silence_ms` ends by itself when it has not `heard` for so long. */
  | { type: "job"; job: DriveJob; requests: string; events: string; silence_ms?: number }
  | { type: "heard" }
  /**
   * `page` is where the target's metrics are, if they are not this machine's; memory that rests is read every `memory_every_ms`.
   * Rows of a share say which it is, and are of those groups only.
   */
  | {
    type: "sample";
    file: string;
    interval_ms: number;
    memory_every_ms?: number;
    roots: GroupRoots;
    page?: ScrapeOptions;
    share?: number;
    groups?: Group[];
  }
  | { type: "ping"; id: number }
  /** The attempt's zero, on the clock of the child that is told. */
  | { type: "start"; zero_ms: number }
  | { type: "artifacts"; bytes: Record<string, number> }
  /** The disk is nearly full: rows only, from here on. */
  | { type: "drop_artifacts" }
  | { type: "stop" };

/** How a driver is doing: totals from the attempt's start. */
export interface AgentStats {
  live_sessions: number;
  requests: number;
  errors: number;
  iterations: number;
  /** In the last second. */
  recent_requests: number;
  recent_errors: number;
  artifact_bytes: Record<string, number>;
}

/** What an agent or the sampler says, one JSON document a line on its standard output. */
export type FromChild =
  | { type: "ready"; browser?: { path: string; version: string; source: string; sandboxed: boolean } }
  | { type: "pong"; id: number; now_ms: number }
  /** The attempt's zero has come, at this time of the wall clock [ms since 1970]. */
  | { type: "started"; at_ms: number }
  | ({ type: "stats" } & AgentStats)
  | { type: "rows"; rows: Omit<ResourceRow, "seq">[] }
  /** `share`: of a machine elsewhere, what it drove. */
  | { type: "done"; files: Record<string, FileSeal>; share?: ShareSeal }
  /** `code` is the operating system's, as `ENOSPC`, where it has one. */
  | { type: "failed"; reason: string; code?: string };
