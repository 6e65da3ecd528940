/**
 * Splits the sessions of a level among workers by what each can carry. Every worker computes its part alone.
 *
 * Session after session goes to the worker that is the least full with it, the first of those (d'Hondt's method): no worker gets
 * more than its capacity where all together have enough, and neighbouring sessions are on different workers.
 *
 * @param level sessions of the level.
 * @param capacities the most sessions of each worker, positive.
 * @returns session numbers of each worker, ascending; none where there are more workers than sessions.
 *
 * @example Two small machines and one that carries twice as much
 * ```ts
 * import { splitByCapacity } from "./split_by_capacity.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(splitByCapacity(8, [100, 200, 100]), [[1, 5], [0, 2, 4, 6], [3, 7]]);
 * ```
 */
export function splitByCapacity(level: number, capacities: readonly number[]): number[][] {
  const parts = capacities.map((): number[] => []);
  for (let session = 0; session < level; session++) {
    let least = 0;
    for (let worker = 1; worker < capacities.length; worker++) {
      if ((parts[worker].length + 1) / capacities[worker] < (parts[least].length + 1) / capacities[least]) {
        least = worker;
      }
    }
    parts[least].push(session);
  }
  return parts;
}
