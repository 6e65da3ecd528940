import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { derive, load, summarise, timeline } from "../../src/dataset/mod.ts";
import { requestFrame } from "../../src/dataset/frames.ts";
import { capacityOf, reduceAttempt } from "../../src/quality/mod.ts";
import type { AttemptSeal } from "../../src/schema/mod.ts";
import { makeRun } from "../bench/make_run.ts";
import { tempFolder } from "../temp_folder.ts";
import summaries from "./sample_summaries.json" with { type: "json" };

const sample = (name: string) => fileURLToPath(new URL(`../../data/sample/${name}`, import.meta.url));
const ATTEMPT = join("levels", "4", "r1", "a1");

/** What a run comes to, but for where it is. */
async function summaryOf(path: string) {
  const { run: _run, ...summary } = summarise(await load(path));
  return JSON.parse(JSON.stringify(summary));
}

/** Changes a file of an attempt, and seals it anew. */
function reseal(run: string, name: string, change: (lines: string[]) => string[]): void {
  const path = join(run, ATTEMPT, name);
  const lines = change(readFileSync(path, "utf8").trimEnd().split("\n"));
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  writeFileSync(path, bytes);
  const sealed = join(run, ATTEMPT, "COMPLETE.json");
  const seal: AttemptSeal = JSON.parse(readFileSync(sealed, "utf8"));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  seal.files[name] = { rows: lines.length, bytes: bytes.length, sha256 };
  writeFileSync(sealed, JSON.stringify(seal));
}

for (const [name, expected] of Object.entries(summaries)) {
  Deno.test(`summarise() says of ${name} to the last digit what it said when a row was an object`, async () => {
    assert.deepEqual(await summaryOf(sample(name)), expected);
    const { attempts, info } = await load(sample(name));
    for (const attempt of attempts) {
      const rows = {
        seal: attempt.seal,
        requests: attempt.requests,
        resources: attempt.resources,
        events: attempt.events,
      };
      const level = reduceAttempt(rows, info.plan, capacityOf(info.plan, info.provenance));
      if (!attempt.discarded) {
        const same = expected.levels.find(({ level, replicate }) =>
          level === attempt.seal.level && replicate === attempt.seal.replicate
        );
        assert.deepEqual(JSON.parse(JSON.stringify(level)), same);
      }
    }
  });
}

const SAME: [what: string, name: string, change: (line: string, index: number) => string][] = [
  ["whose keys are in another order", "requests.jsonl", (line) => {
    return JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line)).reverse()));
  }],
  [
    "with spaces, and keys that nobody knows",
    "requests.jsonl",
    (line, index) =>
      JSON.stringify(
        { ...JSON.parse(line), ...(index % 3 === 0 ? { of: { a: [1, "}"] } } : { note: 'a "quote"' }) },
        null,
        1,
      )
        .replaceAll("\n", " "),
  ],
  [
    "of which one is longer than all that is read at once",
    "requests.jsonl",
    (line, index) => index === 5 ? JSON.stringify({ ...JSON.parse(line), note: "x".repeat(5e6) }) : line,
  ],
  [
    "of resources in another order",
    "resources.jsonl",
    (line) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line)).reverse())),
  ],
];

for (const [what, name, change] of SAME) {
  Deno.test(`load() reads rows ${what}`, async () => {
    await using folder = await tempFolder();
    cpSync(sample("streamer_http"), folder.path, { recursive: true });
    reseal(folder.path, name, (lines) => lines.map(change));
    assert.deepEqual(await summaryOf(folder.path), summaries.streamer_http);
  });
}

Deno.test("load() keeps what only some rows have, and leaves out lines that were sealed broken", async () => {
  await using folder = await tempFolder();
  cpSync(sample("streamer_http"), folder.path, { recursive: true });
  const cut = (lines: string[]) => [
    ...lines.slice(0, 2).map((line) => line.replace("{", '{"region":"north",')),
    lines[2].slice(0, 40),
    "\0\0\0\0",
    ...lines.slice(3),
  ];
  reseal(folder.path, "requests.jsonl", cut);
  const { attempts, requests, warnings } = await load(folder.path);
  assert.deepEqual(warnings, [`${ATTEMPT}/requests.jsonl: 2 broken lines were left out`]);
  const rows = attempts.find(({ path }) => path === ATTEMPT)!.requests;
  assert.equal(rows.length, 119);
  assert.deepEqual(rows.map((row) => "region" in row && row.region).slice(0, 3), ["north", "north", false]);
  assert.equal(requests.columns.at(-1), "region");
  assert.equal(requests.getColumn("region").nullCount(), requests.height - 2);
});

Deno.test("the frame of requests is the same from columns as from rows: of setups, streams, steps without a name", async () => {
  await using folder = await tempFolder();
  cpSync(sample("streamer_http"), folder.path, { recursive: true });
  reseal(folder.path, "requests.jsonl", (lines) =>
    lines.map((line, index) => {
      const row = JSON.parse(line);
      if (index % 10 === 3) Object.assign(row, { bytes_from_ms: index, bytes_to_ms: index + 0.5 });
      if (index % 10 === 4) row.step = "";
      return JSON.stringify(index < 5 ? { ...row, phase: "setup" } : row);
    }));
  const { attempts, requests } = await load(folder.path);
  const plain = requestFrame(attempts.map((attempt) => ({ ...attempt })));
  assert.deepEqual([requests.columns, requests.dtypes], [plain.columns, plain.dtypes]);
  assert(requests.frameEqual(plain));
  assert.equal(requests.getColumn("phase").nullCount(), requests.height - 5);
  assert.equal(requests.getColumn("latency_ms").nullCount(), 5);
  const summary = await summaryOf(folder.path);
  await derive(folder.path);
  assert.deepEqual(await summaryOf(folder.path), summary);
});

Deno.test("rows are read when somebody asks for them, and only if they are what was sealed", async () => {
  await using folder = await tempFolder();
  cpSync(sample("streamer_http"), folder.path, { recursive: true });
  const dataset = await load(folder.path);
  const attempt = dataset.attempts.find(({ path }) => path === ATTEMPT)!;
  const [first] = attempt.requests;
  assert.equal(first, attempt.requests[0], "the same row");
  assert.equal(first.seq, 0);
  const resources = join(folder.path, ATTEMPT, "resources.jsonl");
  writeFileSync(resources, readFileSync(resources).fill(0, 0, 10));
  assert.throws(
    () => attempt.resources,
    /Cannot read .*resources\.jsonl as it is not what it was when the run was loaded/,
  );
});

Deno.test("summarise() goes by what it is given: another plan, another seal, other rows", async () => {
  const dataset = await load(sample("streamer_http"));
  const [level] = summarise(dataset).levels;
  const slow = { ...dataset, info: { ...dataset.info, plan: { ...dataset.info.plan, pace_ms: 100 } } };
  assert(summarise(slow).levels[0].flags.length > level.flags.length, "a tenth of what such a plan asks for");
  const index = dataset.attempts.findIndex(({ seal }) => seal.level === 1 && seal.replicate === 1);
  const without = { ...dataset, attempts: dataset.attempts.with(index, { ...dataset.attempts[index], requests: [] }) };
  assert.equal(summarise(without).levels[0].requests, 0);
  dataset.attempts[index].seal.window.to_ms -= 2000;
  assert.equal(summarise(dataset).levels[0].window_s, level.window_s - 2);
});

Deno.test("a run that is read in threads comes to what its rows come to, damage and all", async () => {
  await using folder = await tempFolder();
  const run = join(folder.path, "run");
  // More than Polars writes as one group.
  makeRun(run, { levels: 8, replicates: 1, iterations: 420 });
  await Deno.writeTextFile(join(run, "levels", "35", "r1", "a1", "events.jsonl"), "{", { append: true });
  const damaged = join(run, "levels", "15", "r1", "a1", "requests.jsonl");
  Deno.writeFileSync(damaged, Deno.readFileSync(damaged).fill(0, -9));
  const dataset = await load(run);
  assert.deepEqual(dataset.warnings, [
    "levels/15/r1/a1 has a requests.jsonl that is not what was sealed: its rows are not used",
    "levels/35/r1/a1/events.jsonl: 1 bytes that were added after its end were left out",
    "levels/5/r1/a1 did not complete: its rows are not used, those of levels/5/r1/a2 are (the sampler ended)",
  ]);
  const { levels } = summarise(dataset);
  assert.equal(levels.length, 7);
  const again = dataset.attempts.filter(({ discarded }) => !discarded).map(({ seal, requests, resources, events }) =>
    reduceAttempt(
      { seal, requests, resources, events },
      dataset.info.plan,
      capacityOf(dataset.info.plan, dataset.info.provenance),
    )
  );
  assert.deepEqual(levels, again.sort((a, b) => a.level - b.level || a.replicate - b.replicate));
  const [path] = await derive(run);
  const written = Deno.statSync(path).mtime;
  await derive(run);
  assert.deepEqual(Deno.statSync(path).mtime, written, "they match");
  const derived = await load(run);
  assert.deepEqual(derived.warnings, dataset.warnings);
  assert.deepEqual(summarise(derived).levels, levels);
});

for (const name of ["streamer_http", "streamer_browser"] as const) {
  Deno.test(`derive() leaves what a run comes to as it is: ${name}`, async () => {
    await using folder = await tempFolder();
    cpSync(sample(name), folder.path, { recursive: true });
    const raw = await load(folder.path);
    const [requests, resources] = [raw.requests, raw.resources];
    const files = await derive(folder.path);
    assert.deepEqual(
      files,
      ["requests", "resources"].map((kind) => join(folder.path, "derived", `rows_${kind}.parquet`)),
    );
    const written = files.map((path) => Deno.statSync(path).mtime);
    assert.deepEqual(await derive(folder.path), files);
    assert.deepEqual(files.map((path) => Deno.statSync(path).mtime), written, "what matches is not written again");
    assert.deepEqual(await summaryOf(folder.path), summaries[name]);
    const derived = await load(folder.path);
    assert(derived.requests.frameEqual(requests) && derived.resources.frameEqual(resources));
    assert.deepEqual(timeline(derived), timeline(raw));
    assert.deepEqual(derived.attempts[3].requests, raw.attempts[3].requests);
  });
}

Deno.test("derive() takes a run of which nobody knows its requests", async () => {
  await using folder = await tempFolder();
  cpSync(sample("streamer_http"), folder.path, { recursive: true });
  for (const { path } of (await load(folder.path)).attempts) {
    const sealed = join(folder.path, path, "COMPLETE.json");
    const { files: { "requests.jsonl": _rows, ...files }, ...seal } = JSON.parse(readFileSync(sealed, "utf8"));
    writeFileSync(sealed, JSON.stringify({ ...seal, files }));
  }
  const summary = await summaryOf(folder.path);
  assert(summary.levels.every((level: { requests: number }) => level.requests === 0));
  const [path] = await derive(folder.path);
  const written = Deno.statSync(path).mtime;
  assert.deepEqual(await summaryOf(folder.path), summary);
  await derive(folder.path);
  assert.deepEqual(Deno.statSync(path).mtime, written, "it is used");
});

const STALE: [
  what: string,
  change: (run: string) => void,
  now: (summary: Awaited<ReturnType<typeof summaryOf>>) => boolean,
][] = [
  [
    "rows were sealed anew",
    (run) => reseal(run, "requests.jsonl", (lines) => lines.slice(0, -60)),
    ({ levels }) =>
      levels.some((level: { level: number; replicate: number; requests: number }) =>
        level.level === 4 && level.replicate === 1 && level.requests < 60
      ),
  ],
  [
    "an attempt is gone",
    (run) => rmSync(join(run, ATTEMPT), { recursive: true }),
    ({ levels }) => levels.length === 11,
  ],
  [
    "an attempt is not sealed any more",
    (run) => rmSync(join(run, ATTEMPT, "COMPLETE.json")),
    ({ levels }) => levels.length === 11,
  ],
  [
    "a file was cut off",
    (run) => Deno.truncateSync(join(run, ATTEMPT, "requests.jsonl"), 1000),
    ({ levels }) => levels.length === 11,
  ],
  [
    "a file was added to",
    (run) => Deno.writeTextFileSync(join(run, ATTEMPT, "requests.jsonl"), "{", { append: true }),
    (
      { warnings },
    ) => warnings.length === 1,
  ],
  ["events were changed in place", (run) => {
    const path = join(run, ATTEMPT, "events.jsonl");
    Deno.writeFileSync(path, Deno.readFileSync(path).fill(0, 0, 9));
  }, ({ levels }) => levels.length === 11],
  ["a derived file is damaged", (run) => {
    const path = join(run, "derived", "rows_requests.parquet");
    writeFileSync(path, readFileSync(path).fill(0, 100, 200));
  }, ({ levels }) => levels.length === 12],
  ["a derived file is of another run", (run) => {
    cpSync(join(run, "derived", "rows_resources.parquet"), join(run, "derived", "rows_requests.parquet"));
  }, ({ levels }) => levels.length === 12],
  [
    "a derived file is gone",
    (run) => rmSync(join(run, "derived", "rows_resources.parquet")),
    ({ levels }) => levels.length === 12,
  ],
  [
    "nobody knows of which seals they are",
    (run) => writeFileSync(join(run, "derived", "rows_seals.json"), '{"schema"'),
    (
      { levels },
    ) => levels.length === 12,
  ],
];

for (const [what, change, now] of STALE) {
  Deno.test(`load() does not use derived files where ${what}, and derive() makes them again`, async () => {
    await using folder = await tempFolder();
    cpSync(sample("streamer_http"), folder.path, { recursive: true });
    const [requests] = await derive(folder.path);
    change(folder.path);
    const summary = await summaryOf(folder.path);
    assert(now(summary), JSON.stringify(summary));
    rmSync(requests, { force: true });
    await derive(folder.path);
    assert((await Deno.stat(requests)).size > 0);
    assert.deepEqual(await summaryOf(folder.path), summary);
  });
}
