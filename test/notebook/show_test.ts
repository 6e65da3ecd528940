import assert from "node:assert/strict";
import pl from "nodejs-polars";
import { show } from "../../src/notebook/mod.ts";

Deno.test("show() gives text outside a notebook: columns of all rows, types, shape", async () => {
  const text = await show([{ sessions: 1, cores: 0.123456789 }, { sessions: 20, note: "warm" }]);
  assert.equal(
    text,
    [
      "sessions     cores  note",
      "  number    number  string",
      "       1  0.123457  –",
      "      20         –  warm",
      "2 rows × 3 columns",
    ].join("\n"),
  );
});

Deno.test("show() reads frames, also columns that Deno's own display cannot: big integers, lists, structs, nulls", async () => {
  const frame = pl.DataFrame({ name: ["a", null], count: [2n ** 60n, 1n], list: [[1], [2, 3]] })
    .withColumn(pl.struct([pl.col("name")]).alias("inner"));
  const lines = (await show(frame))!.split("\n");
  assert.deepEqual(lines[1].trim().split(/\s+/), ["String", "UInt64", "List", "Struct"]);
  assert.deepEqual(lines[2].trim().split(/\s+/), ["a", String(2n ** 60n), "[1]", '{"name":"a"}']);
  assert.deepEqual(lines[3].trim().split(/\s+/), ["–", "1", "[2,3]", '{"name":null}']);
  assert.equal(lines.at(-1), "2 rows × 4 columns");
});

Deno.test("show() stops at the rows asked for, and says so", async () => {
  const rows = Array.from({ length: 50 }, (_, i) => ({ i }));
  assert.match((await show(rows))!, /\n19\n|\n +19\n/);
  assert.match((await show(rows, { rows: 3 }))!, /^ +2\n50 rows × 1 column, the first 3 shown$/m);
  assert.match((await show(pl.DataFrame(rows), { rows: 2 }))!, /50 rows × 1 column, the first 2 shown$/);
});

Deno.test("show() takes empty tables, dates and values that are no JSON", async () => {
  assert.equal((await show([]))!.trim(), "0 rows × 0 columns");
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const text = await show([{ date: new Date(0), nothing: undefined, nan: NaN, circular, big: 5n, line: "a\nb" }]);
  for (const part of ["1970-01-01T00:00:00.000Z", "NaN", "[object Object]", "5", "a⏎b"]) {
    assert.ok(text!.includes(part), part);
  }
});

Deno.test("show() refuses what is no table, and too many rows; it cuts long texts", async () => {
  const cases: [table: unknown, rows: number, says: RegExp][] = [
    [undefined, 5, /must be a frame or an array of objects.*current value is undefined/],
    [Promise.resolve([]), 5, /a promise: write await before it/],
    [{ level: 1, flags: [] }, 5, /an object with level, flags/],
    [[1, 2], 5, /an array of 2/],
    [[{ a: 1 }], 1e6, /must be 1–1000: current value is 1000000/],
    [[{ a: 1 }], -1, /must be 1–1000: current value is -1/],
  ];
  for (const [table, rows, message] of cases) {
    await assert.rejects(show(table as never, { rows }), { message });
  }
  const line = (await show([{ body: "x".repeat(1e6) }]))!.split("\n")[2];
  assert.equal(line, `${"x".repeat(199)}…`);
});
