import type { Outcome } from "../../schema/rows.ts";

/** What a module gets thrown when something of its iteration failed: it is recorded already. */
export class ModuleFailure extends Error {
  override name = "ModuleFailure";

  constructor(readonly step: string, readonly outcome: Outcome, reason = "") {
    super(`${step}: ${outcome}${reason === "" ? "" : ` (${reason})`}`);
  }
}
