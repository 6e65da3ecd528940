import assert from "node:assert/strict";
import { notebookParameters, parameterValues } from "../../src/cli/notebook_parameters.ts";

const CELL = `// What to run
const levels = [1, 2, 4];
const replicates = 2;
const url = "http://127.0.0.1:8437/?a=1;b=2";
const command = [
  "deno",
  "run",
];
const dry: boolean = false;
const names: string[] = [];
const assumptions = { safety: 1.3, peak: 1 };
const anything = Math.max(1, 2);
let out = ""`;

const known = notebookParameters(CELL);

Deno.test("notebookParameters() reads constants with their types and values, also over several lines", () => {
  assert.deepEqual(known.map(({ name, declared, source }) => [name, declared ?? "", source.replace(/\s+/g, "")]), [
    ["levels", "", "[1,2,4]"],
    ["replicates", "", "2"],
    ["url", "", '"http://127.0.0.1:8437/?a=1;b=2"'],
    ["command", "", '["deno","run",]'],
    ["dry", "boolean", "false"],
    ["names", "string[]", "[]"],
    ["assumptions", "", "{safety:1.3,peak:1}"],
    ["anything", "", "Math.max(1,2)"],
    ["out", "", '""'],
  ]);
  assert.deepEqual(notebookParameters(""), []);
});

Deno.test("parameterValues() takes JSON or text of the parameter's own type", () => {
  const cases: [setting: string, value: unknown][] = [
    ["levels=[1, 8]", [1, 8]],
    ["levels=[]", []],
    ["replicates=3", 3],
    ["url=http://127.0.0.1:1/?x=y", "http://127.0.0.1:1/?x=y"],
    ['url="quoted"', "quoted"],
    ["out=2024", "2024"],
    ["out=", ""],
    ["dry=true", true],
    ['names=["a"]', ["a"]],
    ["anything=7", 7],
    ["anything=max", "max"],
  ];
  for (const [setting, value] of cases) {
    assert.deepEqual(Object.values(parameterValues([setting], known)), [value], setting);
  }
});

Deno.test("parameterValues() refuses what is unknown or of another type: it names field, value, and what is right", () => {
  const cases: [setting: string, says: RegExp][] = [
    ["level=2", /--set: current value is "level"\. Give a parameter of the notebook: levels, replicates,/],
    [
      "levels=1,2",
      /--set levels: current value is "1,2"\. Give a list of numbers as JSON, as the notebook's own \[1, 2, 4\]/,
    ],
    ['levels=[1,"two"]', /--set levels\[1\]: .* Give a list of numbers/],
    ["levels=4", /--set levels: .* Give a list of numbers/],
    ["replicates=two", /--set replicates: current value is "two"\. Give a number, as the notebook's own 2\./],
    ["replicates=", /--set replicates: current value is ""\. Give a number/],
    ["dry=1", /--set dry: .* Give true or false/],
    ["names=[1]", /--set names\[0\]: .* Give a list of texts/],
    ["command=deno run", /--set command: .* Give a list of texts as JSON, .* \[ "deno", "run", \]/],
    ["=3", /--set: .* Give NAME=VALUE/],
  ];
  for (const [setting, message] of cases) {
    assert.throws(() => parameterValues([setting], known), { name: "InputError", message }, setting);
  }
  assert.throws(() => parameterValues(["a=1"], []), /no cell tagged \\?"parameters/);
});
