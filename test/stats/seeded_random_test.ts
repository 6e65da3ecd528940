import assert from "node:assert/strict";
import { seededRandom, shuffle } from "../../src/stats/mod.ts";

Deno.test("seededRandom() gives the same numbers for the same seed, for ever", () => {
  const random = seededRandom(1);
  assert.deepEqual([random(), random(), random()], FIRST_THREE_OF_SEED_1);
});

/** Plans that were made with a seed must be repeatable: a change here breaks every recorded run. */
const FIRST_THREE_OF_SEED_1 = [0.5636717735324055, 0.5851113414391875, 0.8959073920268565];

Deno.test("seededRandom() spreads evenly: 100 cells of 100,000 numbers within 5 standard deviations", () => {
  const random = seededRandom(42);
  const cells = new Array(100).fill(0);
  for (let draw = 0; draw < 100_000; draw++) cells[Math.floor(100 * random())]++;
  for (const count of cells) assert.ok(Math.abs(count - 1000) < 5 * Math.sqrt(990), `${count} in a cell`);
});

Deno.test("seededRandom() is not related from one seed to the next", () => {
  const first = Array.from({ length: 2000 }, (_, seed) => seededRandom(seed)());
  const products = first.slice(1).map((value, index) => (value - 0.5) * (first[index] - 0.5));
  const correlation = 12 * products.reduce((sum, value) => sum + value, 0) / products.length;
  assert.ok(Math.abs(correlation) < 5 / Math.sqrt(2000), `correlation ${correlation}`);
});

Deno.test("seededRandom() refuses what is no seed", () => {
  for (const seed of [-1, 1.5, NaN, 2 ** 32]) assert.throws(() => seededRandom(seed), RangeError);
});

Deno.test("shuffle() keeps the items, leaves its argument alone, and reaches every order about equally often", () => {
  const items = [1, 2, 3];
  const random = seededRandom(3);
  const orders = new Map<string, number>();
  for (let round = 0; round < 6000; round++) {
    const order = shuffle(items, random).join("");
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  assert.deepEqual(items, [1, 2, 3]);
  assert.equal(orders.size, 6);
  for (const count of orders.values()) assert.ok(Math.abs(count - 1000) < 5 * Math.sqrt(6000 * 5 / 36), `${count}`);
});
