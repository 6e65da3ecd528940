import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { ShareRun } from "./read_share_run.ts";

/**
 * Checks that runs are the shares of one sweep, each once and all of them.
 *
 * @returns the same, the first share first.
 * @throws {InputError} That names the run that does not belong to the others, or what is missing.
 */
export function checkShares(runs: readonly ShareRun[]): ShareRun[] {
  const [first, ...others] = runs;
  const { of, start_at } = first.share;
  for (const { given, plan, plan_sha256, share } of others) {
    if (plan_sha256 !== first.plan_sha256) {
      const fields = differences(plan, first.plan);
      const what = fields.length > 0 ? `${fields.join(", ")}` : "the order of their fields";
      throw new InputError("RUN", given, `a share of the same plan: it differs from that of ${first.given} in ${what}`);
    }
    if (share.of !== of) {
      const remedy = `a share of the same sweep: this one is ${share.k} of ${share.of}, ${first.given} is one of ${of}`;
      throw new InputError("RUN", given, remedy);
    }
    if (share.start_at !== start_at) {
      const remedy = `a share of the same sweep: this one began at ${share.start_at}, ${first.given} at ${start_at}`;
      throw new InputError("RUN", given, remedy);
    }
  }
  const inOrder = runs.toSorted((a, b) => a.share.k - b.share.k);
  for (const [index, { given, share }] of inOrder.entries()) {
    const twice = inOrder[index - 1];
    if (twice?.share.k !== share.k) continue;
    throw new InputError("RUN", given, `each share once: this one is ${share.k} of ${of}, and so is ${twice.given}`);
  }
  const missing = Array.from({ length: of }, (_, index) => index + 1).filter((k) =>
    !runs.some(({ share }) => share.k === k)
  );
  if (missing.length > 0) {
    const which = missing.length === 1 ? `share ${missing[0]} is` : `shares ${missing.join(", ")} are`;
    throw new InputError("RUN", runs.map(({ given }) => given).join(" "), `all ${of} shares: ${which} missing`);
  }
  return inOrder;
}

function differences(a: Plan, b: Plan): string[] {
  const fields = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof Plan>;
  return [...fields].filter((field) => JSON.stringify(a[field]) !== JSON.stringify(b[field]));
}
