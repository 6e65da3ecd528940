import assert from "node:assert/strict";
import { RowScanner, type ScannedFields } from "../../src/quality/row_scanner.ts";
import { seededRandom } from "../../src/stats/mod.ts";

const FIELDS = { numbers: ["a", "b"], words: ["w", "v"] };

/** What a scanner reads, as rows. */
function scanned(texts: string[], fields: ScannedFields = FIELDS): { rows: Record<string, unknown>[]; broken: number } {
  const scanner = new RowScanner(fields);
  for (const text of texts) scanner.scan(new TextEncoder().encode(text));
  const { length, numbers, words, texts: known } = scanner.rows;
  const rows = Array.from({ length }, (_, row) => ({
    ...Object.fromEntries(
      fields.numbers.flatMap((name, index) => Number.isNaN(numbers[index][row]) ? [] : [[name, numbers[index][row]]]),
    ),
    ...Object.fromEntries(
      fields.words.flatMap((name, index) => words[index][row] === 0 ? [] : [[name, known[index][words[index][row]]]]),
    ),
  }));
  return { rows, broken: scanner.broken };
}

/** The same by `JSON.parse`. */
function parsed(text: string, fields: ScannedFields = FIELDS): ReturnType<typeof scanned> {
  let broken = 0;
  const rows = text.split("\n").filter((line) => line !== "").flatMap((line) => {
    try {
      const row = JSON.parse(line);
      const numbers = fields.numbers.filter((name) => typeof row[name] === "number");
      const words = fields.words.filter((name) => typeof row[name] === "string");
      return [Object.fromEntries([...numbers, ...words].map((name) => [name, row[name]]))];
    } catch {
      broken++;
      return [];
    }
  });
  return { rows, broken };
}

const ROW = '{"a":1,"b":2.5,"w":"x","v":"y"}';
const LINES: [what: string, line: string][] = [
  ["a row", ROW],
  ["keys in another order", '{"v":"y","b":2.5,"a":1,"w":"x"}'],
  [
    "keys that nobody asked for",
    '{"z":7,"a":1,"list":[1,2.5,30],"of":{"k":1,"l":20},"none":{},"b":2,"free":[],"s":"t"}',
  ],
  ["a key that is the beginning of another", '{"ab":1,"a":2,"w":"x","wv":"y"}'],
  ["no keys", "{}"],
  ["spaces", ' { "a" : 1 , "w" : "x" } '],
  ["the end of a line as Windows has it", `${ROW}\r`],
  ["negative numbers and exponents", '{"a":-1.5,"b":1e3}'],
  ["numbers of many digits", '{"a":1234567890123.25,"b":0.1234567890123456789}'],
  ["whole numbers at the end of what a double holds", '{"a":999999999999999,"b":9007199254740993}'],
  ["decimals with zeros", '{"a":0.001,"b":100.050}'],
  ["a number with a zero before it", '{"a":01,"b":1}'],
  ["a number without decimals after its point", '{"a":1.,"b":1}'],
  ["a number without digits before its point", '{"a":.5,"b":1}'],
  ["a text where a number is expected, and the reverse", '{"a":"1","w":2}'],
  ["null, true, false", '{"a":null,"b":true,"w":false}'],
  ["escapes", '{"w":"a\\"b\\\\c\\u00e9\\n","v":"}"}'],
  ["letters of other languages", '{"w":"größer ≥ 本","v":"🚢"}'],
  ["an empty text, and one that is a word of JSON", '{"w":"","v":"{\\"a\\":1}"}'],
  ["a tab within a text", '{"w":"a\tb"}'],
  ["nested rows", '{"of":{"a":9,"deep":{"a":8}},"a":1,"list":[{"a":7}]}'],
  ["the same key twice", '{"a":1,"a":2}'],
  ["a torn row", ROW.slice(0, -5)],
  ["a row torn in a number", '{"a":1,"b":2'],
  ["two rows in a line", ROW + ROW],
  ["NUL", "\0\0\0\0\0\0"],
  ["NUL within a row", '{"a":1,"b":\0\0\0,"w":"x"}'],
  ["NUL within a text", '{"a":1,"w":"\0\0"}'],
  ["a list that is not closed", '{"l":[1,2,"a":1}'],
  ["a comma too many", '{"a":1,}'],
  ["an object with a comma too many", '{"o":{"k":1,},"a":1}'],
];

for (const [what, line] of LINES) {
  Deno.test(`RowScanner reads what JSON.parse does: ${what}`, () => {
    // Before and after rows of the usual form, and as the last one, which lacks its end.
    const text = `${ROW}\n${line}\n${ROW}\n\n${ROW}\n${line}`;
    const lost = /^.*"w":"".*$/.test(line);
    const expected = parsed(text);
    assert.deepEqual(scanned([text]), expected);
    if (!lost) assert.equal(expected.rows.length + expected.broken, 5);
  });
}

Deno.test("RowScanner counts what is JSON and no row as broken", () => {
  assert.deepEqual(scanned(['5\nnull\n[1]\n"a"\n']), { rows: [], broken: 4 });
});

Deno.test("RowScanner reads what JSON.parse does: numbers as they are written, and texts of all lengths", () => {
  const random = seededRandom(3);
  const rows = Array.from({ length: 20_000 }, (_, index) => ({
    a: Math.round(10 ** (13 * random())) / 1000,
    b: index % 3 === 0 ? Math.floor(10 ** (15 * random())) : Math.round(1e6 * random()) / 1e3,
    w: "x".repeat(index % 300) + (index % 7),
    v: String(Math.floor(1000 * random())),
  }));
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  assert.deepEqual(scanned([text]), { rows, broken: 0 });
});

Deno.test("RowScanner keeps rows apart that take turns with their keys, and forgets all when it is cleared", () => {
  const lines = ['{"a":1,"w":"x"}', '{"w":"y","b":2}', '{"v":"z","a":3,"b":4}'];
  const text = Array.from({ length: 9000 }, (_, index) => `${lines[index % 3]}\n`).join("");
  assert.deepEqual(scanned([text, text]), parsed(text + text));
  const scanner = new RowScanner(FIELDS);
  scanner.scan(new TextEncoder().encode(`${ROW}\n{"a"`));
  scanner.clear();
  scanner.scan(new TextEncoder().encode("{}\n"));
  const { length, numbers, words } = scanner.rows;
  assert.deepEqual([length, numbers[0][0], words[0][0], scanner.broken], [1, NaN, 0, 0]);
});

Deno.test("RowScanner does not read beyond the end that it is told, whatever is there", () => {
  const bytes = new TextEncoder().encode(`${ROW}\n${ROW}\n${" ".repeat(256)}`);
  for (let end = 0; end <= 2 * ROW.length + 2; end++) {
    const scanner = new RowScanner(FIELDS);
    scanner.scanPadded(bytes, end);
    const whole = end >= 2 * ROW.length + 1 ? 2 : end >= ROW.length ? 1 : 0;
    const torn = end % (ROW.length + 1) === 0 || end % (ROW.length + 1) === ROW.length ? 0 : 1;
    assert.deepEqual([scanner.rows.length, scanner.broken], [whole, torn], `${end} bytes`);
  }
});
