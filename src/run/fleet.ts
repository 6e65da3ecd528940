import type { ShareProvenance } from "../schema/run.ts";

/** Machines that drive a sweep, as `openFleet` finds them. */
export interface Fleet {
  /** All that have driven something so far, by number of their share. */
  machines(): ShareProvenance[];
}
