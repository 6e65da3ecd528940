import assert from "node:assert/strict";
import { parseDuration, parseLevels } from "../../src/plan/mod.ts";
import { InputError } from "../../src/schema/mod.ts";

Deno.test("parseDuration() reads a number with its unit", () => {
  for (const [text, ms] of [["500ms", 500], ["30s", 30_000], ["1.5m", 90_000], ["2h", 7_200_000], ["0s", 0]] as const) {
    assert.equal(parseDuration(text, "--duration"), ms, text);
  }
});

Deno.test("parseDuration() names field, value and remedy for anything else", () => {
  for (const text of ["5x", "5", "s", "", "-1s", "1e3s", "1 s", "5s5"]) {
    assert.throws(() => parseDuration(text, "--duration"), (error) => {
      assert(error instanceof InputError);
      assert.equal(error.field, "--duration");
      assert.equal(
        error.message,
        `Cannot use --duration: current value is ${
          JSON.stringify(text)
        }. Give a number with its unit ms, s, m or h, for example 30s.`,
      );
      return true;
    }, text);
  }
});

Deno.test("parseLevels() sorts, and keeps each level once", () => {
  assert.deepEqual(parseLevels("4, 1,2,2"), [1, 2, 4]);
});

Deno.test("parseLevels() refuses what is no number of sessions", () => {
  for (const part of ["0", "-1", "1.5", "abc", "", "1e3", "0x10", "100001"]) {
    assert.throws(() => parseLevels(`1,${part}`), (error) => {
      assert(error instanceof InputError);
      assert.equal(error.value, part);
      assert.match(
        error.message,
        /^Cannot use --levels: current value is .*whole numbers of sessions from 1 to 100000/,
      );
      return true;
    }, part);
  }
});
