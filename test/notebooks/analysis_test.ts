/** Notebooks that read committed data, and the one of browsers, in a real kernel: what they find, not only that they end. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { reportSchema } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { chartsIn, notebookPath, picturesIn, readNotebook, runNotebook, saidIn, text } from "./notebook_file.ts";

/** A notebook on committed data: where it writes to, how many charts it draws, what it must say, which files it leaves. */
interface OnCommittedData {
  name: string;
  out: boolean;
  charts: number;
  says: RegExp[];
  leaves?: string[];
}

const ON_COMMITTED_DATA: OnCommittedData[] = [
  {
    name: "02_clean_the_samples.ipynb",
    out: true,
    charts: 2,
    says: [/target saturated/, /^14 of 18 replicates count for demand, at 7 levels/m, /datapackage\.json/],
    leaves: ["levels.csv", "cleaned_requests.csv", "datapackage.json"],
  },
  {
    name: "03_fit_the_scaling.ipynb",
    out: false,
    charts: 7,
    says: [
      /network_bytes_per_s: Superlinear/,
      /^CPU linear, network superlinear, 4 saturated replicates left out/m,
      /^Run \d+ sessions next/m,
    ],
  },
  {
    name: "04_size_and_report.ipynb",
    out: true,
    charts: 3,
    says: [
      /^100 sessions: 2 cores/m,
      /^1000 sessions: \d+ workers/m,
      /^12 rows, the report's are the same: true/m,
    ],
    leaves: ["report/report.html", "frames/levels.parquet"],
  },
  {
    name: "06_find_the_knee.ipynb",
    out: false,
    charts: 3,
    says: [
      /hold up to 10 sessions \(11 does not/,
      /^knee: 9\.\d+ sessions/m,
      /^knee: 55\.\d sessions/m,
      /not shown to hold at any level/,
      /shown to hold up to 48 sessions.*broken at 64/,
      /^search and knee agree: true; kept < knee < broken: true/m,
    ],
  },
  {
    name: "07_bring_your_own_data.ipynb",
    out: true,
    charts: 2,
    says: [
      /^Locust: throughput, error_ratio/m,
      /^Nothing can be sized: serving_cores was not measured/m,
      /^100 sessions: 2 cores/m,
      /^a session costs (0\.\d+ cores \(0\.\d+–0\.\d+ cores\)) by the table, \1 by the run/m,
    ],
    leaves: ["report/report.html", "frames/levels.csv", "table/manifest.jsonl", "test/manifest.jsonl"],
  },
];

for (const { name, out, charts, says, leaves = [] } of ON_COMMITTED_DATA) {
  Deno.test(`${name} finds in the committed data what it says, and keeps the outputs that it has now`, async () => {
    await using folder = await tempFolder();
    const set: Record<string, unknown> = out ? { out: folder.path } : {};
    const ran = await runNotebook(name, join(folder.path, "out.ipynb"), set);
    const said = saidIn(ran);
    for (const what of says) assert(said.some((one) => what.test(one)), `${what} in:\n${said.join("\n---\n")}`);
    assert.equal(picturesIn(ran).length, charts);
    for (const picture of picturesIn(ran)) assert(picture.length > 5000, "every chart has its picture");
    const kept = readNotebook(notebookPath(name));
    assert.deepEqual(said, saidIn(kept), "run the notebook again, and keep its outputs");
    assert.deepEqual(chartsIn(ran), chartsIn(kept), "run the notebook again, and keep its charts");
    for (const path of leaves) assert(existsSync(join(folder.path, path)), path);
  });
}

/** Each with a run of another kind, as somebody who brings one would give it, and what it must say of that. */
const ON_OTHER_RUNS: [name: string, set: Record<string, unknown>, says: RegExp[]][] = [
  ["02_clean_the_samples.ipynb", { run: "../data/sample/streamer_http", level: 16 }, [/^12 of 12 replicates count/m]],
  ["03_fit_the_scaling.ipynb", { run: "../data/sample/streamer_browser", targets: [8, 16] }, [/^CPU linear/m]],
  ["04_size_and_report.ipynb", { run: "../data/sample/streamer_browser", targets: [8] }, [
    /^8 sessions: \d+ cores/m,
    /the report's are the same: true/,
  ]],
  ["06_find_the_knee.ipynb", { search: "../data/sample/streamer_http", sweep: "../data/sample/streamer_http" }, [
    /^This run searched for nothing/m,
    /^knee: none was reached/m,
    /^search and knee agree: false/m,
  ]],
];

for (const [name, set, says] of ON_OTHER_RUNS) {
  Deno.test(`${name} reads another run`, async () => {
    await using folder = await tempFolder();
    const out = /^0[24]/.test(name) ? { out: folder.path } : {};
    const said = saidIn(await runNotebook(name, join(folder.path, "out.ipynb"), { ...set, ...out }));
    for (const what of says) assert(said.some((one) => what.test(one)), `${what} in:\n${said.join("\n---\n")}`);
  });
}

Deno.test("04_size_and_report hands over what it shows", async () => {
  await using folder = await tempFolder();
  const set = { out: folder.path, targets: [5, 20] };
  const said = saidIn(await runNotebook("04_size_and_report.ipynb", join(folder.path, "out.ipynb"), set));
  const report = reportSchema.parse(JSON.parse(Deno.readTextFileSync(join(folder.path, "report/report.json"))));
  assert.deepEqual([...new Set(report.sizing.rows.map(({ target_sessions }) => target_sessions))], [5, 20]);
  assert(said.some((one) => one.trim() === report.sizing.answer.trim()), report.sizing.answer);
});

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
