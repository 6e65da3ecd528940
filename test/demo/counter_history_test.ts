import assert from "node:assert/strict";
import { CounterHistory } from "../../src/demo/counter_history.ts";
import { COUNTER_NAMES, type Counters } from "../../src/demo/truth.ts";

/** Counters that all stand at `value`. */
function all(value: number): Counters {
  return Object.fromEntries(COUNTER_NAMES.map((name) => [name, value])) as unknown as Counters;
}

Deno.test("CounterHistory reads between its records", () => {
  const history = new CounterHistory(10);
  history.record(0, all(0), 5);
  history.record(100, all(10), 9);
  history.record(150, all(110), 7);
  for (
    const { from, to, want, why } of [
      { from: 0, to: 100, want: 10, why: "two records" },
      { from: 0, to: 150, want: 110, why: "all of it" },
      { from: 25, to: 75, want: 5, why: "within one interval" },
      { from: 50, to: 125, want: 55, why: "across a record" },
      { from: 100, to: 150, want: 100, why: "the last interval" },
    ]
  ) {
    const window = history.between(from, to);
    for (const name of COUNTER_NAMES) assert.equal(window[name], want, `${name}: ${why}`);
    assert.equal(window.elapsed_ms, to - from);
  }
});

Deno.test("CounterHistory tells the most memory of all records in a window, and what was held when it began", () => {
  const history = new CounterHistory(4);
  for (const [index, bytes] of [1, 8, 3, 4, 2, 6].entries()) history.record(index * 100, all(index), bytes);
  for (
    const { from, to, want } of [
      { from: 200, to: 499, want: 4 },
      { from: 200, to: 500, want: 6 },
      { from: 310, to: 390, want: 4 },
      { from: 410, to: 420, want: 2 },
    ]
  ) assert.equal(history.between(from, to).memory_peak_bytes, want, `${from} to ${to}`);
});

Deno.test("CounterHistory forgets the oldest first, and says what it still knows", () => {
  const history = new CounterHistory(3);
  for (let i = 0; i < 8; i++) history.record(i * 100, all(i * i), 0);
  assert.equal(history.between(500, 700).cpu_ms, 49 - 25);
  assert.throws(() => history.between(499, 700), /500 to 700: current value is 499/);
  assert.throws(() => history.between(500, 701), /500 to 700: current value is 701/);
});

Deno.test("CounterHistory refuses windows that are none", () => {
  const history = new CounterHistory(3);
  assert.throws(() => history.between(0, 1), RangeError, "nothing recorded");
  history.record(0, all(0), 0);
  history.record(100, all(1), 0);
  for (const [from, to] of [[50, 50], [60, 50], [NaN, 50], [0, NaN]]) {
    assert.throws(() => history.between(from, to), RangeError, `${from} to ${to}`);
  }
});
