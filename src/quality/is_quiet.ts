/** How many looks in a row must be quiet: one alone may fall between two bursts. */
const LOOKS = 2;
/** What a machine may use above its rest [logical cores], whichever is more. */
const MARGIN = { cores: 0.2, part: 0.03 };

/**
 * Decides whether a machine has become quiet: its last two looks show no more CPU use than at rest, and a margin.
 *
 * The margin is 0.2 cores, or 3 % of the machine where that is more: a look of 150 ms counts ticks of 10 ms.
 *
 * @param looks What all of the machine used in each look so far [logical cores], in order.
 * @param rest What it uses at rest, and the logical cores that it has.
 *
 * @example After a burst
 * ```ts
 * import { isQuiet } from "./is_quiet.ts";
 * import assert from "node:assert/strict";
 *
 * assert(!isQuiet([1.9, 0.1], { rest_cores: 0.1, machine_cores: 2 }));
 * assert(isQuiet([1.9, 0.1, 0.2], { rest_cores: 0.1, machine_cores: 2 }));
 * ```
 */
export function isQuiet(looks: readonly number[], rest: { rest_cores: number; machine_cores: number }): boolean {
  const most = rest.rest_cores + Math.max(MARGIN.cores, MARGIN.part * rest.machine_cores);
  return looks.length >= LOOKS && looks.slice(-LOOKS).every((cores) => cores <= most);
}
