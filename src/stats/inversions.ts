/**
 * Pairs of which the earlier value is larger than the later one, counted by merge sort: n log n, not n².
 *
 * Source: D. E. Knuth, The Art of Computer Programming 3, 5.1.1.
 *
 * @param values Sorted in place.
 * @param spare As long; overwritten.
 * @returns The number of pairs, exact up to 2⁵³.
 *
 * @example Two of three pairs
 * ```ts
 * import { inversions } from "./inversions.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(inversions(Float64Array.of(3, 1, 2), new Float64Array(3)), 2);
 * ```
 */
export function inversions(values: Float64Array, spare: Float64Array): number {
  const n = values.length;
  let count = 0;
  let [from, to] = [values, spare];
  for (let width = 1; width < n; width *= 2, [from, to] = [to, from]) {
    for (let low = 0; low < n; low += 2 * width) {
      const middle = Math.min(low + width, n);
      const high = Math.min(low + 2 * width, n);
      for (let left = low, right = middle, at = low; at < high; at++) {
        if (right >= high || (left < middle && from[left] <= from[right])) {
          to[at] = from[left++];
        } else {
          to[at] = from[right++];
          count += middle - left;
        }
      }
    }
  }
  if (from !== values) values.set(from);
  return count;
}
