import assert from "node:assert/strict";
import { join } from "node:path";
import { PROJECT } from "../../src/notebook/set_up_python.ts";
import { reportSchema } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { notebookPath, picturesIn, readNotebook, runNotebook, saidIn, text } from "./notebook_file.ts";

const notebooks = [...Deno.readDirSync(join(PROJECT, "notebooks"))].filter(({ name }) => name.endsWith(".ipynb"))
  .map(({ name }) => notebookPath(name));

Deno.test("01_first_sweep sweeps the Streamer in a real kernel, sees the superlinear network, and leaves a report", async () => {
  await using folder = await tempFolder();
  const [run, out] = [join(folder.path, "run"), join(folder.path, "out.ipynb")];
  const set = {
    levels: [1, 2, 4, 8, 16],
    replicates: 1,
    durationMs: 3000,
    warmupMs: 1000,
    idleMs: 1000,
    targets: [8, 40],
    out: run,
  };
  const ran = await runNotebook("01_first_sweep.ipynb", out, set);
  const pictures = picturesIn(ran);
  assert.equal(pictures.length, 7);
  for (const picture of pictures) assert(picture.length > 5000, "every chart has its picture");

  const said = saidIn(ran);
  const network = said.find((line) => /network/i.test(line) && /superlinear/i.test(line));
  assert(network, said.join("\n---\n"));
  assert(said.some((line) => /^complete: 5 of 5 attempts, \d clean levels/m.test(line)), said.at(-1));
  assert(said.some((line) => /^Done/m.test(line)), "the progress display ended");

  const report = reportSchema.parse(JSON.parse(Deno.readTextFileSync(join(run, "report", "report.json"))));
  assert.deepEqual([...new Set(report.sizing.rows.map((row) => row.target_sessions))], [8, 40]);
  assert(Deno.statSync(join(run, "derived", "levels.parquet")).size > 500);
});

Deno.test("the code of every notebook type-checks", async () => {
  for (const path of notebooks) {
    const code = readNotebook(path).cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) =>
      text(source)
    )
      .join("\n");
    const file = await Deno.makeTempFile({ dir: join(PROJECT, "notebooks"), prefix: ".check-", suffix: ".ts" });
    try {
      await Deno.writeTextFile(file, code);
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["check", "--quiet", file],
        cwd: PROJECT,
      }).output();
      assert(success, `${path}: ${new TextDecoder().decode(stderr)}`);
    } finally {
      await Deno.remove(file);
    }
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

Deno.test("every notebook keeps to the card: prose, short cells, outputs, no traces of a session", () => {
  for (const path of notebooks) {
    const { cells, metadata } = readNotebook(path);
    const code = cells.filter(({ cell_type }) => cell_type === "code");
    assert(cells.length >= 12 && cells.length <= 40, `${path}: ${cells.length} cells`);
    assert(cells.length - code.length >= code.length - 2, `${path}: ${code.length} of ${cells.length} cells are code`);
    assert.match(text(cells[0].source), /^# .*\?/, `${path} asks a question`);
    assert.equal(code.filter(({ metadata }) => metadata.tags?.includes("parameters")).length, 1, path);
    assert.deepEqual(Object.keys(metadata).toSorted(), ["kernelspec", "language_info"]);
    for (const cell of code) {
      const source = text(cell.source);
      assert(source.split("\n").length <= 10, `${path}: ${source}`);
      assert(!/\bfunction\b|https?:\/\/(?!127\.0\.0\.1)/.test(source), `${path}: ${source}`);
      assert.equal(cell.execution_count, null, path);
      for (const output of cell.outputs ?? []) {
        assert.notEqual(output.output_type, "error", path);
        assert(
          !text(output.text ?? output.data?.["text/plain"]).includes(PROJECT),
          `${path} names a folder of this machine`,
        );
      }
    }
    assert(code.some(({ outputs }) => outputs!.length > 0), `${path} keeps its outputs`);
  }
});
