import assert from "node:assert/strict";
import { attemptOrder, nextSlot, sessionPhase } from "../../src/plan/mod.ts";

Deno.test("attemptOrder() runs every level in every replicate once, after one run to warm up", () => {
  const order = attemptOrder({ levels: [1, 2, 4, 8], replicates: 3, seed: 7 });
  assert.deepEqual(order[0], { level: 1, replicate: 0, discarded: true });
  for (const replicate of [1, 2, 3]) {
    const levels = order.filter((part) => part.replicate === replicate && !part.discarded).map(({ level }) => level);
    assert.deepEqual(levels.toSorted((a, b) => a - b), [1, 2, 4, 8]);
  }
  assert.equal(order.length, 13);
});

Deno.test("attemptOrder() is the same for a seed, and another for another", () => {
  const order = (seed: number) => JSON.stringify(attemptOrder({ levels: [1, 2, 4, 8, 16], replicates: 3, seed }));
  assert.equal(order(1), order(1));
  assert.notEqual(order(1), order(2));
});

Deno.test("sessionPhase() spreads the sessions evenly over one pace", () => {
  const plan = { seed: 3, pace_ms: 1000 };
  const phases = Array.from({ length: 10 }, (_, session) => sessionPhase(plan, { level: 10, replicate: 1, session }));
  phases.sort((a, b) => a - b);
  for (const [index, phase] of phases.entries()) {
    assert(phase >= 100 * index && phase < 100 * (index + 1), `phase ${phase} of rank ${index}`);
  }
  assert.equal(
    sessionPhase(plan, { level: 10, replicate: 1, session: 4 }),
    sessionPhase(plan, { level: 10, replicate: 1, session: 4 }),
  );
});

Deno.test("nextSlot() starts a passed slot at once and counts those before it as undelivered", () => {
  const rows: [why: string, slot: number, now: number, want: { slot_ms: number; undelivered: number }][] = [
    ["in time: wait for the next slot", 0, 300, { slot_ms: 1000, undelivered: 0 }],
    ["exactly at the next slot", 0, 1000, { slot_ms: 1000, undelivered: 0 }],
    ["one slot passed: it is started late", 0, 1500, { slot_ms: 1000, undelivered: 0 }],
    ["two passed: one is lost", 0, 2500, { slot_ms: 2000, undelivered: 1 }],
    ["a long stall", 5000, 15_200, { slot_ms: 15_000, undelivered: 9 }],
  ];
  for (const [why, slot, now, want] of rows) assert.deepEqual(nextSlot(slot, now, 1000), want, why);
});
