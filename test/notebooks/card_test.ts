/** The rules for notebooks, without running one. */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { PROJECT } from "../../src/notebook/set_up_python.ts";
import { type Cell, notebookPath, type Output, readNotebook, text } from "./notebook_file.ts";
import { numbersIn, readings, uncited, unread } from "./readings.ts";

/** Those that measure when they are run: their outputs are of one run, and their prose has to be true after every one. */
const LIVE = ["01_first_sweep.ipynb", "05_browser_cost.ipynb"];
const notebooks = [...Deno.readDirSync(join(PROJECT, "notebooks"))].filter(({ name }) => name.endsWith(".ipynb"))
  .map(({ name }) => notebookPath(name)).toSorted();
const committed = notebooks.filter((path) => !LIVE.includes(basename(path)));
const codeOf = (cells: Cell[]) => cells.filter(({ cell_type }) => cell_type === "code");

Deno.test("there are notebooks 01 to 07, each with a name that says what is done in it", () => {
  assert.deepEqual(notebooks.map((path) => basename(path, ".ipynb")), [
    "01_first_sweep",
    "02_clean_the_samples",
    "03_fit_the_scaling",
    "04_size_and_report",
    "05_browser_cost",
    "06_find_the_knee",
    "07_bring_your_own_data",
  ]);
});

Deno.test("the code of every notebook type-checks and lints", async () => {
  const files: string[] = [];
  try {
    for (const path of notebooks) {
      const code = codeOf(readNotebook(path).cells).map(({ source }) => text(source)).join("\n");
      const file = await Deno.makeTempFile({ dir: join(PROJECT, "notebooks"), prefix: ".check-", suffix: ".ts" });
      files.push(file);
      await Deno.writeTextFile(file, `// ${basename(path)}\n${code}\n`);
    }
    for (const command of ["check", "lint"]) {
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [command, "--quiet", ...files],
        cwd: PROJECT,
      }).output();
      assert(success, `deno ${command}: ${new TextDecoder().decode(stderr)}`);
    }
  } finally {
    for (const file of files) await Deno.remove(file);
  }
});

// `deno fmt --check` of Deno 2.9 calls every notebook with a Markdown cell unformatted; what it would write is right.
Deno.test("every notebook is formatted", async () => {
  for (const path of notebooks) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["fmt", "--ext", "ipynb", "-"],
      cwd: PROJECT,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(await Deno.readFile(path));
    await writer.close();
    const { stdout } = await child.output();
    assert(new TextDecoder().decode(stdout) === await Deno.readTextFile(path), `${path}: run deno fmt on it`);
  }
});

Deno.test("every notebook keeps to the card: a question and its answer, prose, short cells, limits, a closing check", () => {
  for (const path of notebooks) {
    const { cells, metadata } = readNotebook(path);
    const code = codeOf(cells);
    assert(cells.length >= 12 && cells.length <= 40, `${path}: ${cells.length} cells`);
    assert(cells.length - code.length >= code.length - 2, `${path}: ${code.length} of ${cells.length} cells are code`);
    const [title, answer = ""] = text(cells[0].source).split("\n\n");
    assert.match(title, /^# [^\n]*\?$/, `${path} asks a question`);
    assert(answer.length > 150, `${path} answers it below`);
    assert.equal(code.filter(({ metadata }) => metadata.tags?.includes("parameters")).length, 1, path);
    assert.deepEqual(code[0].metadata.tags, ["parameters"], `${path} begins with its parameters`);
    assert.match(text(code[1].source), /^import .* from "plimsoll";$/m, `${path} then imports`);
    assert.deepEqual(Object.keys(metadata).toSorted(), ["kernelspec", "language_info"]);
    const headings = cells.flatMap(({ cell_type, source }) =>
      cell_type === "markdown" ? text(source).match(/^## .*$/gm) ?? [] : []
    );
    assert.equal(headings.at(-1), headings.findLast((one) => /trust|Take it with you/.test(one)), `${path}: limits`);
    assert(headings.includes("## How far to trust it"), path);
    assert.match(text(cells.at(-2)!.source), /A last check/, `${path} ends with a check`);
    assert(hasOutput(cells.at(-1)!), `${path} ends with a check`);
    const lines = code.slice(2).map(({ source }) => text(source).split("\n").length).toSorted((a, b) => a - b);
    assert(lines[Math.floor(lines.length / 2)] <= 5, `${path}: half of its cells are longer than 5 lines`);
    for (const cell of cells) {
      const source = text(cell.source);
      assert(Object.keys(cell.metadata).every((key) => key === "tags"), `${path}: ${Object.keys(cell.metadata)}`);
      if (cell.cell_type === "code") {
        assert(source.split("\n").length <= 10, `${path}: ${source}`);
        assert(!/\bfunction\b|https?:\/\/(?!127\.0\.0\.1)/.test(source), `${path}: ${source}`);
      }
    }
  }
});

Deno.test("every notebook keeps its outputs: charts alive and as picture, tables and sentences as text, no trace of a machine", () => {
  for (const path of notebooks) {
    const code = codeOf(readNotebook(path).cells);
    for (const { execution_count, outputs = [] } of code) {
      assert.equal(execution_count, null, path);
      for (const output of outputs) checkOutput(output, path);
    }
    const charts = code.flatMap(({ outputs = [] }) => outputs).filter(({ data = {} }) => "image/png" in data);
    assert(charts.length >= 2, `${path}: ${charts.length} charts`);
  }
});

const FORMS = [
  ["application/vnd.vegalite.v5+json", "image/png", "text/plain"],
  ["text/html", "text/plain"],
  ["text/markdown", "text/plain"],
].map((form) => form.join());

function checkOutput({ output_type, text: stream, data, name }: Output, path: string): void {
  assert(["stream", "display_data", "execute_result"].includes(output_type), `${path}: ${output_type}`);
  if (output_type === "stream") assert.equal(name, "stdout", `${path}: ${text(stream)}`);
  else assert(FORMS.includes(Object.keys(data!).toSorted().join()), `${path}: ${Object.keys(data!)}`);
  const said = `${text(stream)}${text(data?.["text/plain"])}${text(data?.["text/html"])}`;
  assert(!said.includes(PROJECT) && !/\/(?:home|root|tmp|Users)\//.test(said), `${path} names a folder: ${said}`);
  assert(!/\d\.\d{8,}|NaN|undefined|\[object/.test(said), `${path} has what nobody wants to read: ${said}`);
}

const hasOutput = ({ outputs = [] }: Cell) => outputs.length > 0;

Deno.test("after an output comes its reading", () => {
  for (const path of committed) assert.deepEqual(unread(readNotebook(path)), [], path);
});

Deno.test("every number of a reading is in the output that it reads; where outputs change with every run, in none", () => {
  for (const path of notebooks) {
    const read = readings(readNotebook(path), { live: !committed.includes(path) });
    assert.deepEqual(uncited(read), [], path);
    const cited = read.flatMap(({ paragraph }) => numbersIn(paragraph));
    assert(!committed.includes(path) || cited.length >= 15, `${path} cites ${cited.length} numbers`);
  }
});

Deno.test("numbers that are a little off are found, most of them", () => {
  let [wrong, found] = [0, 0];
  for (const path of committed) {
    for (const { paragraph, evidence } of readings(readNotebook(path))) {
      for (const number of numbersIn(paragraph)) {
        const decimals = number.split(".")[1]?.length ?? 0;
        const value = Number(number.replaceAll(",", ""));
        const off = (value + Math.max(0.13 * value, 3 * 10 ** -decimals)).toFixed(decimals);
        const other = paragraph.replace(number, off);
        wrong++;
        if (uncited([{ paragraph: other, evidence }]).length > 0) found++;
      }
    }
  }
  assert(found > 0.75 * wrong, `${found} of ${wrong}`);
});

Deno.test("uncited() tells results from methods and names", () => {
  const evidence = "slope 0.0104 cores (0.0102–0.0106), 1,424 ms, p 3e-4\n32  0.327138";
  const table: [paragraph: string, missing: string[], why: string][] = [
    ["It costs 0.0104 cores, 0.0102 to 0.0106 with 95 %.", [], "all are there; 95 % is the method"],
    ["At 32 sessions 0.33 cores, 0.327 to be precise.", [], "rounded as prose has it"],
    ["At 32 sessions 0.34 cores.", ["0.34"], "rounded to something else"],
    ["p95 is 1424 ms, see notebook 06 and `--levels 48`.", [], "names, references and code are no results"],
    ["p95 is 1425 ms.", ["1425"], "one off"],
    ["1,424 ms of 1.424 s.", ["1.424"], "another unit has to be said by an output"],
  ];
  for (const [paragraph, missing, why] of table) {
    assert.deepEqual(uncited([{ paragraph, evidence }]).map(({ number }) => number), missing, why);
  }
});
