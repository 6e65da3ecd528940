import assert from "node:assert/strict";
import { Alarm } from "../../src/run/alarm.ts";
import { attemptClock } from "../../src/run/child_end.ts";

Deno.test("Alarm calls everybody in order of time, nobody before it, from one timer", async () => {
  const now = () => performance.now();
  const alarm = new Alarm(now);
  const start_ms = now();
  let timers = 0;
  const { setTimeout } = globalThis;
  const rung: number[] = [];
  try {
    // deno-lint-ignore no-explicit-any
    globalThis.setTimeout = ((...args: any[]) => (timers++, (setTimeout as any)(...args))) as typeof setTimeout;
    await new Promise<void>((resolve) => {
      // 3000 calls in a scrambled order over 60 ms.
      for (let n = 0; n < 3000; n++) {
        const t_ms = start_ms + 5 + ((n * 1237) % 3000) / 50;
        alarm.set(t_ms, () => {
          assert(now() >= t_ms, `rung ${t_ms - now()} ms early`);
          rung.push(t_ms);
          if (rung.length === 3000) resolve();
        });
      }
    });
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assert.deepEqual(rung, rung.toSorted((a, b) => a - b));
  assert(timers < 200, `${timers} timers for 3000 calls`);
});

Deno.test("Alarm takes calls from within calls", async () => {
  const alarm = new Alarm(() => performance.now());
  let count = 0;
  await new Promise<void>((resolve) => {
    const again = () => ++count === 20 ? resolve() : alarm.set(performance.now() + (count % 3) - 1, again);
    alarm.set(performance.now(), again);
  });
  assert.equal(count, 20);
});

Deno.test("attemptClock.until() resolves at its time, at once when that has passed, and at once when the signal aborts", async () => {
  const clock = attemptClock(performance.now());
  const stop = new AbortController();
  const order: string[] = [];
  const waits = [
    clock.until(-1).then(() => order.push("past")),
    clock.until(20).then(() => order.push("20")),
    clock.until(3_600_000, stop.signal).then(() => order.push("aborted")),
    clock.until(7_200_000, stop.signal).then(() => order.push("aborted")),
    clock.until(60, stop.signal).then(() => order.push("aborted")),
    clock.until(80).then(() => order.push("80")),
  ];
  await clock.until(40);
  stop.abort();
  await clock.until(60_000, stop.signal);
  assert(clock.now() < 60_000, "a signal that has aborted is not waited for");
  // No timer may be left behind: this test's sanitiser would tell.
  await Promise.all(waits);
  assert.deepEqual(order, ["past", "20", "aborted", "aborted", "aborted", "80"]);
});
