import assert from "node:assert/strict";
import { LineBuffer } from "../../src/run/line_buffer.ts";
import { writeRequestRow } from "../../src/run/write_request_row.ts";
import { OUTCOMES, type RequestRow } from "../../src/schema/mod.ts";
import { seededRandom } from "../../src/stats/mod.ts";

const decoder = new TextDecoder();

Deno.test("LineBuffer.number() writes what JSON.stringify() writes of the rounded number", () => {
  const random = seededRandom(1);
  const edges = [
    0,
    1,
    9,
    10,
    99,
    100,
    999.9994,
    999.9995,
    0.0004,
    0.0005,
    0.01,
    0.1,
    0.101,
    0.11,
    1e6,
    2 ** 31 - 1,
    2 ** 31,
  ];
  const values = [...edges, 2 ** 32, 86_400_000.123, 2 ** 43, 9e12, 2 ** 53, 1e15, 1e21, -0.5, -3, NaN, Infinity];
  for (let n = 0; n < 20_000; n++) values.push(random() * 10 ** Math.floor(random() * 13 - 3));
  const lines = new LineBuffer();
  for (const value of values) {
    lines.reserve(24);
    lines.number(value);
    assert.equal(decoder.decode(lines.taken()), JSON.stringify(Math.round(value * 1000) / 1000), `${value}`);
  }
});

Deno.test("LineBuffer grows with what is appended", () => {
  const lines = new LineBuffer();
  let expected = "";
  for (let n = 0; n < 5; n++) {
    const text = "€\u0000é".repeat(50_000 * n);
    lines.text(text);
    expected += text;
  }
  assert.equal(decoder.decode(lines.taken()), expected);
  assert.equal(lines.taken().length, 0);
});

Deno.test("writeRequestRow() writes the line that JSON.stringify() would, whatever the names", () => {
  const lines = new LineBuffer();
  let expected = "";
  for (const [seq, step] of ["get", 'say "hi"\n\\', "grüße 👋", "", "\u2028", "x".repeat(10_000)].entries()) {
    for (const outcome of OUTCOMES) {
      const row: Omit<RequestRow, "seq"> = {
        session: 12,
        iteration: 345,
        step,
        scheduled_ms: 1000.5,
        started_ms: 1000.625,
        duration_ms: 17,
        outcome,
        status: 200,
        bytes_in: 123_456_789_012,
        bytes_out: 105,
      };
      for (const phase of [undefined, "setup", "teardown"] as const) {
        writeRequestRow(lines, { ...row, phase }, { seq });
        expected += JSON.stringify({ seq, ...row, phase }) + "\n";
      }
    }
  }
  assert.equal(decoder.decode(lines.taken()), expected);
});
