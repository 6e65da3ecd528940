import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { PROJECT, setUpPython } from "../../src/notebook/set_up_python.ts";

interface Output {
  output_type: string;
  text?: string[];
  data?: Record<string, string[]>;
  metadata?: Record<string, unknown>;
  execution_count?: number | null;
}

interface Cell {
  cell_type: string;
  source: string[];
  outputs: Output[];
  metadata: Record<string, unknown>;
  execution_count: number | null;
}

interface Executed {
  code: number;
  stderr: string;
  cells: Cell[];
  metadata: Record<string, unknown>;
}

/** Runs cells as a notebook in a folder of the project, as a user would. */
async function executed(sources: string[], args: string[] = []): Promise<Executed> {
  await setUpPython();
  const folder = await Deno.makeTempDir({ dir: join(PROJECT, "test", "notebooks"), prefix: "tmp-" });
  try {
    const [file, out] = [join(folder, "in.ipynb"), join(folder, "out.ipynb")];
    const cells = sources.map((source, i) => ({
      cell_type: "code",
      id: `cell-${i}`,
      metadata: { tags: i === 0 ? ["parameters"] : [], collapsed: false },
      source,
      outputs: [],
      execution_count: null,
    }));
    const metadata = { kernelspec: { name: "deno", display_name: "Deno", language: "typescript" }, extra: 1 };
    await Deno.writeTextFile(file, JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }));
    const command = [
      "run",
      "-A",
      "--quiet",
      join(PROJECT, "src/cli/main.ts"),
      "notebook",
      "run",
      file,
      "--out",
      out,
      ...args,
    ];
    const { code, stderr } = await promisify(execFile)(Deno.execPath(), command, {
      env: { ...Deno.env.toObject(), NO_COLOR: "1" },
    })
      .then(({ stderr }) => ({ code: 0, stderr }), ({ code, stderr }) => ({ code, stderr }));
    const written = await Deno.readTextFile(out).then(JSON.parse, () => ({ cells: [], metadata: {} }));
    return { code, stderr, ...written };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const textOf = ({ outputs }: Cell) => outputs.flatMap(({ text }) => text ?? []).join("");

Deno.test("notebook run keeps every output, also those that come after the kernel is idle", async () => {
  const { code, cells } = await executed([
    "const count = 3000;",
    "for (let i = 0; i < count; i++) console.log(`line ${i}`);",
    `for (let i = 0; i < 100; i++) Deno.jupyter.display({ "text/plain": String(i) }, { raw: true });\nvoid 0;`,
    ...Array.from({ length: 20 }, (_, i) => `"result " + ${i}`),
  ]);
  assert.equal(code, 0);
  assert.equal(textOf(cells[1]), Array.from({ length: 3000 }, (_, i) => `line ${i}\n`).join(""));
  assert.equal(cells[2].outputs.length, 100);
  const results = cells.slice(3).map(({ outputs }) => outputs.map(({ data }) => data?.["text/plain"].join("")));
  assert.deepEqual(results, Array.from({ length: 20 }, (_, i) => [`"result ${i}"`]));
});

Deno.test("notebook run resolves the name plimsoll, injects parameters after their cell, and leaves no counters or foreign metadata", async () => {
  const { code, cells, metadata } = await executed(
    [
      "const levels = [1, 2];\nconst name = 'default';",
      `import { makePlan } from "plimsoll";\nconsole.log(levels.length, name, typeof makePlan);\nlevels`,
    ],
    ["--set", "levels=[1,2,4]", "--set", 'name=it\'s "given"'],
  );
  assert.equal(code, 0);
  assert.equal(textOf(cells[2]), `3 it's "given" function\n`);
  assert.deepEqual(cells[1].metadata, { tags: ["injected-parameters"] });
  assert.deepEqual(Object.keys(metadata), ["kernelspec"]);
  for (const { execution_count, outputs, metadata } of cells) {
    assert.equal(execution_count, null);
    assert.deepEqual(Object.keys(metadata), ["tags"]);
    for (const output of outputs) assert.equal(output.execution_count ?? null, null);
  }
});

Deno.test("notebook run fails at a cell that fails, with its message, and keeps what ran before", async () => {
  const { code, stderr, cells } = await executed([
    "1",
    "console.log('before');",
    "throw new RangeError('too much: 7');",
    "'after'",
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Cell 3 failed[\s\S]*RangeError: too much: 7/);
  assert.equal(textOf(cells[1]), "before\n");
  assert.deepEqual(cells[3].outputs, []);
});

Deno.test("notebook run fails at a cell that cannot be parsed, which the kernel keeps silent about", async () => {
  const { code, stderr } = await executed(["1", "const = 3;"]);
  assert.equal(code, 1);
  assert.match(stderr, /Cell 2 failed without a word[\s\S]*const = 3;/);
});

Deno.test("notebook run ends a cell that takes too long", async () => {
  const { code, stderr } = await executed(["1", "await new Promise((done) => setTimeout(done, 60_000));"], [
    "--timeout",
    "2",
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /Cell 2 took longer than 2 s/);
});

Deno.test("notebook run refuses parameters that the notebook does not have, before anything runs", async () => {
  const { code, stderr, cells } = await executed(["const levels = [1];"], ["--set", "level=2"]);
  assert.equal(code, 2);
  assert.match(stderr, /"level"\. Give a parameter of the notebook: levels/);
  assert.deepEqual(cells, []);
});

Deno.test("in a notebook: tables as HTML, charts with PNG and its size, progress in one place, errors that nobody awaited", async () => {
  const { code, stderr, cells } = await executed([
    `import { chart, explain, progress, reportErrors, show } from "../../../src/notebook/mod.ts";`,
    `await show([{ name: "<script>alert(1)</script>" }]);`,
    `await chart({ title: "T", width: 200, height: 100, data: { values: [{ x: 1, at: new Date(0) }] }, mark: "point",
       encoding: { x: { field: "x", type: "quantitative" } } });`,
    `explain({ kind: "linear", effect_percent: 1, text: "As a line." })`,
    `const view = progress();
     view.update({ kind: "phase", phase: "level", level: 4, replicate: 1, attempt: 1, index: 0, of: 1, elapsed_ms: 0, remaining_ms: 9000 });
     for (let i = 0; i < 50; i++) view.update({ kind: "sample", t_ms: i * 10, level: 4, replicate: 1, live_sessions: 4, iterations: i,
       errors: 0, cores: { target: 0.5 }, memory_bytes: {} });
     view.update({ kind: "phase", phase: "done", index: 1, of: 1, elapsed_ms: 9000, remaining_ms: 0 });`,
    `reportErrors(); Promise.reject(new Error("lost")); await new Promise((done) => setTimeout(done, 50));`,
    `"alive"`,
  ]);
  assert.equal(code, 0, stderr);
  const [, table, drawn, explained, bar, lost, alive] = cells;

  const html = table.outputs[0].data!["text/html"].join("");
  assert.ok(html.includes("&#60;script&#62;") && !html.includes("<script"));

  const { data, metadata } = drawn.outputs[0];
  assert.deepEqual(Object.keys(data!).sort(), ["application/vnd.vegalite.v5+json", "image/png", "text/plain"]);
  const png = Uint8Array.fromBase64([data!["image/png"]].flat().join("").replaceAll("\n", ""));
  const [width, height] = [16, 20].map((at) => new DataView(png.buffer).getUint32(at));
  const size = { width: Math.round(width / 2), height: Math.round(height / 2) };
  assert.deepEqual(metadata!["image/png"], { ...size, alt: "T" });

  assert.equal(explained.outputs[0].data!["text/markdown"].join(""), "As a line.");
  assert.equal(bar.outputs.length, 1, "updates must not pile up");
  assert.match(bar.outputs[0].data!["text/html"].join(""), /Done[\s\S]*0:09 in all/);
  assert.match(textOf(lost), /Not awaited, and failed: Error: lost/);
  assert.match(alive.outputs[0].data!["text/plain"].join(""), /alive/);
});
