import type { RequestRow } from "../schema/rows.ts";

/** What a raw file says, thing by thing, in the order in which it says it. Times are the wall clock's [ms since 1970]. */
export type ToolEvent =
  /** A request that ended. Session and iteration are those of the tool where it says them, otherwise numbers of their own. */
  | {
    kind: "request";
    ended_at_ms: number;
    row: Pick<
      RequestRow,
      "session" | "iteration" | "step" | "duration_ms" | "outcome" | "status" | "bytes_in" | "bytes_out"
    >;
  }
  /** How many sessions were alive. */
  | { kind: "sessions"; at_ms: number; sessions: number }
  /** Something that only its number is known of. */
  | { kind: "count"; at_ms: number; what: "iterations" | "dropped" | "bytes"; count: number }
  /** The address that was loaded. */
  | { kind: "url"; url: string }
  /** What the reader must know. */
  | { kind: "note"; text: string };
