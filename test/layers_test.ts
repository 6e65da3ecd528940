import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SRC = join(ROOT, "src");

/** What each folder may import at run time. Types of `schema` are free for all. */
const MAY_IMPORT: Record<string, string[]> = {
  schema: [],
  stats: [],
  plan: ["schema", "stats"],
  quality: ["schema", "stats"],
  browser: ["schema"],
  sample: ["schema"],
  render: ["schema"],
  demo: ["schema"],
  drive: ["schema", "plan", "browser"],
  run: ["plan", "drive", "sample", "quality", "schema"],
  cluster: ["run", "plan", "schema"],
  importers: ["run", "plan", "schema"],
  dataset: ["quality", "stats", "schema"],
  model: ["stats"],
  size: ["model", "stats"],
  plot: ["model", "size", "stats", "schema"],
  report: ["dataset", "plot", "render", "size", "model", "browser", "schema"],
  notebook: ["dataset", "plot", "render", "size", "model", "browser", "schema"],
};
const ALL = [...Object.keys(MAY_IMPORT), "cli"];
/** `mod.ts` in src/ exports all but these. */
const NOT_PUBLIC = ["cli", "demo"];
const PURE = ["stats", "plan", "quality", "model", "size", "plot"];
/** The clock, the disk, the network and chance come in as arguments. */
const IMPURE =
  /\bDeno\.|\bfetch\(|\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bMath\.random\(|\bprocess\.|from "node:(?!assert)/;

interface ModuleInfo {
  specifier: string;
  dependencies?: { specifier: string; code?: { specifier?: string }; isDynamic?: boolean }[];
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sourceFiles(path);
    return path.endsWith(".ts") ? [path] : [];
  });
}

function folderOf(specifier: string | undefined): string | undefined {
  if (!specifier?.startsWith("file:")) return undefined;
  const [first, second, third] = relative(ROOT, fileURLToPath(specifier)).split(sep);
  return first === "src" && third !== undefined ? second : undefined;
}

/** The module graph of all source files, as Deno sees it. */
async function modules(): Promise<ModuleInfo[]> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      entry,
      sourceFiles(SRC).map((path) => `import ${JSON.stringify(pathToFileURL(path).href)};`).join("\n"),
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-lock", `--config=${join(ROOT, "deno.json")}`, entry],
      cwd: ROOT,
      stderr: "null",
    }).output();
    return JSON.parse(new TextDecoder().decode(stdout)).modules;
  } finally {
    await Deno.remove(entry);
  }
}

Deno.test("every folder imports only what the table of layers allows", async () => {
  const found = (await modules()).filter(({ specifier }) => folderOf(specifier) !== undefined);
  assert(found.length >= sourceFiles(SRC).length - 2, `${found.length} modules of ${sourceFiles(SRC).length}`);
  const broken: string[] = [];
  for (const { specifier, dependencies = [] } of found) {
    const from = folderOf(specifier)!;
    for (const dependency of dependencies) {
      // `code` is absent where an import is type-only.
      const to = folderOf(dependency.code?.specifier);
      if (to === undefined || to === from || from === "cli") continue;
      assert(from in MAY_IMPORT, `src/${from} is not in the table of layers`);
      if (!MAY_IMPORT[from].includes(to)) broken.push(`${relative(ROOT, fileURLToPath(specifier))} imports ${to}`);
    }
  }
  assert.deepEqual(broken, []);
});

Deno.test("types are imported from schema or from a folder that may be imported", () => {
  const broken = sourceFiles(SRC).flatMap((path) => {
    const from = relative(SRC, path).split(sep)[0];
    if (!(from in MAY_IMPORT)) return [];
    const allowed = [from, "schema", ...MAY_IMPORT[from]];
    return [...readFileSync(path, "utf8").matchAll(/^import type .* from "(\.[^"]+)"/gm)]
      .filter(([, specifier]) => !allowed.includes(relative(SRC, join(dirname(path), specifier)).split(sep)[0]))
      .map(([line]) => `${relative(ROOT, path)}: ${line}`);
  });
  assert.deepEqual(broken, []);
});

Deno.test("src/ holds only the folders of the table, and mod.ts", () => {
  const extra = readdirSync(SRC).filter((name) => name !== "mod.ts" && !ALL.includes(name));
  assert.deepEqual(extra, []);
});

Deno.test("mod.ts exports nothing of the command line or the demo", () => {
  const text = readFileSync(join(SRC, "mod.ts"), "utf8");
  for (const folder of NOT_PUBLIC) assert(!text.includes(`"./${folder}/`), folder);
  assert.equal(
    text.replace(/\/\*[\s\S]*?\*\//g, "").match(/^(?!export|import|\/\/|\s|\}|$).+/gm),
    null,
    "mod.ts only re-exports",
  );
});

Deno.test("pure folders touch no clock, disk, network, process or chance", () => {
  const broken = PURE.flatMap((folder) => sourceFiles(join(SRC, folder))).flatMap((path) => {
    const code = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
    const match = IMPURE.exec(code);
    return match ? [`${relative(ROOT, path)}: ${match[0]}`] : [];
  });
  assert.deepEqual(broken, []);
});

Deno.test("Polars is imported by dataset alone, Deno.jupyter by notebook alone", () => {
  const users = (needle: RegExp) =>
    new Set(
      sourceFiles(SRC).filter((path) => needle.test(readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\//g, "")))
        .map((path) => relative(SRC, path).split(sep)[0]),
    );
  assert.deepEqual([...users(/^import (?!type).*"nodejs-polars"/m)], ["dataset"]);
  assert.deepEqual([...users(/Deno\.jupyter/)], ["notebook"]);
});
