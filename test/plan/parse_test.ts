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

Deno.test("parseLevels() reads geometric ranges, whose end is always a level", () => {
  const rows: [text: string, levels: number[], why: string][] = [
    ["1..64", [1, 2, 4, 8, 16, 32, 64], "doubles"],
    ["1..100", [1, 2, 4, 8, 16, 32, 64, 100], "the end is no power of two"],
    ["10..1000x3", [10, 30, 90, 270, 810, 1000], "another factor"],
    ["1..8x1.5", [1, 2, 3, 5, 8], "rounded to whole sessions, each once"],
    ["4..8,6,1..2", [1, 2, 4, 6, 8], "ranges and numbers"],
    ["7..7", [7], "a range of one"],
  ];
  for (const [text, levels, why] of rows) assert.deepEqual(parseLevels(text), levels, why);
  assert.equal(parseLevels("1..100000").length, 18);
});

Deno.test("parseLevels() refuses what is no number of sessions", () => {
  for (
    const part of [
      "0",
      "-1",
      "1.5",
      "abc",
      "",
      "1e3",
      "0x10",
      "100001",
      "64..1",
      "1..",
      "..8",
      "1..0",
      "1..8x",
      "1..8x1",
      "1..8x1.001",
      "1..2..3",
      "1-8",
    ]
  ) {
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
