/** Notebooks that read committed runs, and the one of browsers, in a real kernel: what they find, not only that they end. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "../temp_folder.ts";
import { notebookPath, picturesIn, readNotebook, runNotebook, saidIn, text } from "./notebook_file.ts";

/** Each with where it writes to, how many charts it draws, and what it must say. */
const ON_COMMITTED_RUNS: [name: string, set: (folder: string) => object, charts: number, says: RegExp[]][] = [
  [
    "02_clean_the_samples.ipynb",
    (folder) => ({ out: folder }),
    2,
    [/target saturated/, /^(1\d) of 18 replicates count for demand, at [5-9] levels/m, /datapackage\.json/],
  ],
  ["03_fit_the_scaling.ipynb", () => ({}), 7, [
    /network_bytes_per_s: Superlinear/,
    /^CPU linear, network superlinear, [1-9]\d* saturated replicates left out/m,
    /^Run \d+ sessions next/m,
  ]],
  ["04_size_and_report.ipynb", (folder) => ({ out: folder }), 3, [
    /^100 sessions: 2 cores/m,
    /^1000 sessions: \d+ workers/m,
    /^12 rows, the report's are the same: true/m,
  ]],
];

for (const [name, set, charts, says] of ON_COMMITTED_RUNS) {
  Deno.test(`${name} finds in the committed runs what it says, and keeps the outputs that it has now`, async () => {
    await using folder = await tempFolder();
    const ran = await runNotebook(name, join(folder.path, "out.ipynb"), set(folder.path) as Record<string, unknown>);
    const said = saidIn(ran);
    for (const what of says) assert(said.some((one) => what.test(one)), `${what} in:\n${said.join("\n---\n")}`);
    assert.equal(picturesIn(ran).length, charts);
    for (const picture of picturesIn(ran)) assert(picture.length > 5000, "every chart has its picture");
    assert.deepEqual(said, saidIn(readNotebook(notebookPath(name))), "run the notebook again, and keep its outputs");
    if ("out" in set("")) {
      assert(existsSync(join(folder.path, name.startsWith("04") ? "report/report.html" : "levels.csv")));
    }
  });
}

Deno.test("05_browser_cost finds that RSS counts too much, and that a browser of one's own is dear", async () => {
  await using folder = await tempFolder();
  const set = { levels: [1, 2, 3], replicates: 1, durationMs: 4000, warmupMs: 2000, idleMs: 1000, out: folder.path };
  const ran = await runNotebook("05_browser_cost.ipynb", join(folder.path, "out.ipynb"), set);
  const said = saidIn(ran).join("\n");
  const number = (what: RegExp) => Number(what.exec(said)?.[1] ?? assert.fail(`${what} in:\n${said}`));
  assert(number(/by PSS: ([\d.]+) times as much/) > 1.5);
  assert(number(/session: ([\d.]+) MiB .* with a browser of its own/) > 1.3 * number(/, ([\d.]+) MiB .* as a context/));
  assert.match(said, /contexts complete, browsers complete, 4 encodings; PSS below RSS: true/);
  assert.equal(picturesIn(ran).length, 4);
  const kilobytes = [...said.matchAll(/^(?:jpeg|png) \d+ +(\d+)/gm)].map(([, size]) => Number(size));
  assert(kilobytes.length === 4 && kilobytes[0] < kilobytes[1] && kilobytes[1] < kilobytes[2], `${kilobytes} kB`);
  assert(ran.cells.some(({ source }) => text(source).startsWith("# ")));
});
