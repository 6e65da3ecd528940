import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { load, summarise } from "../../src/dataset/mod.ts";
import { importRun } from "../../src/importers/mod.ts";
import { READERS } from "../../src/importers/readers.ts";
import { surveyRaw } from "../../src/importers/survey_raw.ts";
import { writeRaw } from "../../src/importers/write_raw.ts";
import { fitAll } from "../../src/model/mod.ts";
import { makeReport } from "../../src/report/mod.ts";
import { resume } from "../../src/run/resume.ts";
import { InputError } from "../../src/schema/input_error.ts";
import { aggregateRowSchema, importEndSchema, requestRowSchema } from "../../src/schema/mod.ts";
import { seededRandom } from "../../src/stats/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { k6File } from "./k6_file.ts";

const FILES = fileURLToPath(new URL("files/", import.meta.url));
const STEPS = [1, 2, 4, 8, 16].map((vus) => ({ vus, seconds: 11 }));

/** Imports files into a folder of their own, and reads the run. */
async function imported(files: string[], options: Parameters<typeof importRun>[1] | { out: string }) {
  const end = await importRun(files, options);
  const dataset = await load(end.path);
  return { end, dataset, summary: summarise(dataset) };
}

Deno.test("importRun() finds the levels of k6's points, and their numbers: JSON and CSV say the same", async () => {
  await using folder = await tempFolder();
  const runs = [];
  for (const format of ["json", "csv"] as const) {
    const file = join(folder.path, `k6.${format}`);
    await Deno.writeTextFile(file, k6File([...STEPS, { vus: 4, seconds: 11 }], { format, failing: 100 }));
    const { end, dataset, summary } = await imported([file], { out: join(folder.path, format) });
    assert.equal(end.format, `k6-${format}`);
    assert.deepEqual(importEndSchema.parse(end), end);
    assert.deepEqual(end.replicates.map(({ level, replicate }) => [level, replicate]), [
      ...[[1, 1], [2, 1], [4, 1], [8, 1], [16, 1], [4, 2]],
    ]);
    for (const { level, window_s, metrics, sessions } of summary.levels) {
      // 11 readings of vus are 10 s, of which 1 s is warm-up; 2 iterations a second and user, 1000 bytes each.
      assert.equal(window_s, 9);
      assert.equal(sessions, level);
      assert(Math.abs(metrics.throughput - 2 * level) <= 2 / 9, `${metrics.throughput} iterations/s at ${level}`);
      assert(
        Math.abs(metrics.network_bytes_per_s - 2000 * level) <= 2000 / 9,
        `${metrics.network_bytes_per_s} bytes/s`,
      );
      assert(Math.abs(metrics.latency_ms_p50 - (10 + level)) < 1e-6, `${metrics.latency_ms_p50} ms`);
      assert(metrics.error_ratio < 0.05 && metrics.undelivered_ratio === undefined);
    }
    assert.equal(dataset.info.provenance.target, "http://127.0.0.1:8437/");
    const failed = dataset.attempts.flatMap(({ requests }) =>
      requests.filter(({ outcome }) => outcome === "http_error")
    );
    assert(failed.length > 0 && failed.every(({ status }) => status === 503));
    for (const attempt of dataset.attempts) {
      attempt.requests.forEach((row) => requestRowSchema.parse(row));
      attempt.aggregates!.forEach((row) => aggregateRowSchema.parse(row));
    }
    runs.push(summary.levels);
  }
  assert.deepEqual(runs[0], runs[1]);
});

Deno.test("importRun() reads what k6 compressed as it lies in the file, and seals the file", async () => {
  await using folder = await tempFolder();
  const text = k6File([...STEPS], { format: "json" });
  const [plain, compressed] = [join(folder.path, "k6.json"), join(folder.path, "k6.json.gz")];
  const bytes = gzipSync(text);
  await Promise.all([Deno.writeTextFile(plain, text), Deno.writeFile(compressed, bytes)]);
  const one = await imported([plain], { out: join(folder.path, "plain") });
  const other = await imported([compressed], { out: join(folder.path, "compressed") });
  assert.deepEqual(other.summary.levels, one.summary.levels);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  assert.deepEqual(other.dataset.info.provenance.imported!.files, [{
    name: "k6.json.gz",
    bytes: bytes.length,
    sha256,
  }]);
});

Deno.test("importRun() takes virtual users and iterations from k6's metadata where it writes them", async () => {
  await using folder = await tempFolder();
  const lines = k6File([{ vus: 2, seconds: 9 }], { format: "json" }).trimEnd().split("\n").map((line, index) => {
    const read = JSON.parse(line);
    if (read.metric === "http_req_duration") read.data.metadata = { vu: String(1 + index % 2), iter: String(index) };
    return JSON.stringify(read);
  });
  const file = join(folder.path, "k6.json");
  await Deno.writeTextFile(file, lines.join("\n"));
  const { dataset } = await imported([file], { out: join(folder.path, "run") });
  assert.deepEqual(new Set(dataset.attempts[0].requests.map(({ session }) => session)), new Set([1, 2]));
});

Deno.test("importRun() reads what Locust wrote: users by second, counters over the steady part of each level", async () => {
  await using folder = await tempFolder();
  const file = join(FILES, "locust/viewers_stats_history.csv");
  const { end, summary } = await imported([file], { out: join(folder.path, "run") });
  assert.equal(end.format, "locust");
  assert.deepEqual(end.replicates.map(({ level, replicate }) => [level, replicate]), [
    ...[[1, 1], [2, 1], [4, 1], [8, 1], [16, 1], [4, 2]],
  ]);
  // A user reads and speaks twice a second by turns: the file's own counters, over the seconds that count.
  const history = (await Deno.readTextFile(file)).trim().split("\n").slice(1).map((line) => line.split(","));
  const last = history.findLast((row) => row[1] === "16")!;
  const first = history.findLast((row) =>
    row[1] === "16" && Number(row[0]) === Number(last[0]) - Math.round(
          summary.levels.find(({ level }) => level === 16)!.window_s,
        )
  )!;
  const expected = (Number(last[17]) - Number(first[17])) / (Number(last[0]) - Number(first[0]));
  const top = summary.levels.find(({ level }) => level === 16)!;
  assert.equal(top.metrics.throughput, expected);
  assert.equal(top.metrics.latency_ms_p95, Number(last[11]));
  for (const { level, metrics } of summary.levels) {
    assert(Math.abs(metrics.throughput / level - 2) < 0.5, `${metrics.throughput} requests/s of ${level} users`);
    assert.equal(metrics.error_ratio, 0);
  }
  assert.equal(fitAll(summary).metrics.throughput.verdict.kind, "linear");
});

Deno.test("importRun() reads what JMeter wrote, CSV and XML alike: levels by its threads, without the sums of its transactions", async () => {
  await using folder = await tempFolder();
  const runs = [];
  for (const form of ["csv", "xml"]) {
    const file = join(FILES, `jmeter/viewers.${form}.jtl`);
    const { end, dataset, summary } = await imported([file], { out: join(folder.path, form) });
    assert.equal(end.format, "jmeter");
    assert.deepEqual(
      end.replicates.map(({ level, replicate }) => [level, replicate]),
      [1, 2, 4, 8, 16].map((n) => [n, 1]),
    );
    const steps = new Set(dataset.attempts.flatMap(({ requests }) => requests.map(({ step }) => step)));
    assert.deepEqual(steps, new Set(["read", "page"]));
    // 247 transactions of the file sum up two samples each.
    assert.match(end.notes.join(), new RegExp(`viewers.${form}.jtl has 247 samples of transaction controllers`));
    for (const { level, metrics, requests } of summary.levels) {
      // A thread waits half a second before each request.
      assert(
        metrics.throughput / level > 1.7 && metrics.throughput / level < 2.05,
        `${metrics.throughput} at ${level}`,
      );
      assert(requests > 0 && metrics.error_ratio === 0 && metrics.network_bytes_per_s === undefined);
      assert(metrics.latency_ms_p50 > 0 && metrics.latency_ms_p50 < 450);
    }
    // Of samples that end at once each file has another order, on which bounds rest.
    runs.push(summary.levels.map(({ level, requests, metrics }) => [
      ...[level, requests, metrics.throughput, metrics.latency_ms_p50, metrics.latency_ms_p95, metrics.latency_ms_p99],
    ]));
  }
  assert.deepEqual(runs[1], runs[0]);
});

Deno.test("importRun() reads what Artillery wrote: a report is a level, its sessions by Little's law", async () => {
  await using folder = await tempFolder();
  const files = [1, 2, 4, 8, 16].map((rate) => join(FILES, `artillery/level_${rate}.json`));
  const { end, summary } = await imported(files, { out: join(folder.path, "run") });
  assert.equal(end.format, "artillery");
  assert.equal(end.replicates.length, 5);
  for (const [index, file] of files.entries()) {
    const { counters, summaries, firstCounterAt, lastCounterAt } = JSON.parse(await Deno.readTextFile(file)).aggregate;
    const { sessions, metrics, requests } = summary.levels[index];
    const length_s = (lastCounterAt - firstCounterAt) / 1000;
    // As many a second as were planned, each for a little over a second.
    const rate = 2 ** index;
    assert(Math.abs(counters["vusers.completed"] / (8 * rate) - 1) < 0.01);
    assert.equal(metrics.throughput, counters["vusers.completed"] / length_s);
    assert(sessions > rate * 0.8 && sessions < rate * 1.3, `${sessions} sessions at ${rate} a second`);
    assert.equal(requests, counters["http.requests"]);
    assert.equal(metrics.latency_ms_p99, summaries["http.response_time"].p99);
    assert.equal(metrics.error_ratio, 0);
  }
  const named = await imported(files.map((file, index) => `${file}@${2 ** index}`), {
    out: join(folder.path, "named"),
  });
  assert.deepEqual(named.summary.levels.map(({ sessions }) => sessions), [1, 2, 4, 8, 16]);
  assert(!/Little/.test(named.end.notes.join()));
});

Deno.test("importRun() sizes a table with resources as the same levels are sized, and flags what is full where the machine is known", async () => {
  await using folder = await tempFolder();
  const rows = [1, 2, 4, 8, 16].flatMap((n) => [0, 1].map((k) => [n, 0.05 + 0.05 * n + 0.001 * k, 1e8 + 1e6 * n, n]));
  const write = async (name: string, more: string, cell: string) => {
    const file = join(folder.path, name);
    const header = `sessions,target_cores,target_memory_bytes,throughput${more}`;
    await Deno.writeTextFile(file, [header, ...rows.map((row) => row.join(",") + cell)].join("\n"));
    return file;
  };
  const plain = await imported([await write("plain.csv", "", "")], { out: join(folder.path, "plain") });
  const { sizing, fit } = makeReport(plain.dataset, { targets: [16, 1000] });
  // U at 65 % of 0.85 cores.
  assert.deepEqual(sizing.rows.filter(({ metric }) => metric === "cores").map(({ recommended }) => recommended), [
    2,
    128,
  ]);
  assert.equal(fit.metrics.serving_cores.verdict.kind, "linear");
  assert.equal(fit.metrics.serving_cores.models[0].parameters.slope.value.toFixed(3), "0.050");
  assert.match(plain.summary.warnings.join("\n"), /The machine that was measured is not known/);
  const known = await imported([await write("known.csv", ",machine_cores,machine_memory_bytes", ",0.9,8e9")], {
    out: join(folder.path, "known"),
  });
  assert.deepEqual(known.summary.capacity, { cores: 0.9, memory_bytes: 8e9 });
  const full = known.summary.levels.filter(({ flags }) => flags.some(({ name }) => name === "target_saturated"));
  assert.deepEqual(full.map(({ level }) => level), [16, 16]);
  assert(!/machine that was measured/.test(known.summary.warnings.join("\n")));
});

Deno.test("importRun() of throughput alone: it is fitted, and why nothing is sized is said", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "levels.csv");
  await Deno.writeTextFile(file, "sessions,throughput\n1,10\n2,20\n4,40\n8,80\n16,150\n");
  const { dataset } = await imported([file], { out: join(folder.path, "run") });
  const { sizing, fit, title } = makeReport(dataset, { targets: [20] });
  assert.notEqual(fit.metrics.throughput.accepted, null);
  assert.deepEqual(sizing.rows, []);
  assert.match(sizing.answer, /^Nothing can be sized: serving_cores was not measured/);
  assert.match(dataset.info.provenance.imported!.notes.join(), /What was loaded is not said/);
  assert.equal(title, "Capacity of a target that is not named, imported from a table of levels");
  await assert.rejects(resume(dataset.info.path), /Give a run that a sweep wrote: this one was imported/);
});

Deno.test("importRun() takes more replicates than a plan may have levels, and numbers that are not whole", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "levels.csv");
  const rows = Array.from({ length: 120 }, (_, index) => 1 + index % 60).map((n) => `${n - 0.1},${10 * n}`);
  await Deno.writeTextFile(file, ["sessions,throughput", ...rows].join("\n"));
  const { end, summary } = await imported([file], { out: join(folder.path, "run") });
  assert.equal(new Set(end.replicates.map(({ level }) => level)).size, 60);
  assert.deepEqual([summary.levels.length, summary.levels[0].level, summary.levels[0].sessions], [120, 1, 0.9]);
});

Deno.test("importRun() of one file a level: FILE@N says how many sessions, whatever the file records", async () => {
  await using folder = await tempFolder();
  const files: string[] = [];
  for (const vus of [1, 2, 4]) {
    const file = join(folder.path, `${vus}.json`);
    const lines = k6File([{ vus, seconds: 8 }], { format: "json" }).split("\n").filter((line) =>
      !line.includes('"vus"')
    );
    await Deno.writeTextFile(file, lines.join("\n"));
    files.push(`${file}@${vus}`);
  }
  const { end, summary } = await imported([...files, files[2]], { out: join(folder.path, "run") });
  assert.deepEqual(end.replicates.map(({ level, replicate }) => [level, replicate]).toSorted(), [
    ...[[1, 1], [2, 1], [4, 1], [4, 2]],
  ]);
  for (const { level, metrics } of summary.levels) assert(Math.abs(metrics.throughput / level - 2) < 0.4);
});

Deno.test("importRun() reads a real file that is cut off anywhere as far as it goes, or refuses it; nothing is left of what it refuses", async () => {
  await using folder = await tempFolder();
  const texts: Record<string, string> = {
    "k6.json": k6File(STEPS.slice(0, 3), { format: "json" }),
    "k6.csv": k6File(STEPS.slice(0, 3), { format: "csv" }),
  };
  for (const [folder, name] of REAL) texts[name] = await Deno.readTextFile(join(FILES, folder, name));
  let read = 0;
  for (const [name, text] of Object.entries(texts)) {
    const cuts = Array.from({ length: 12 }, (_, index) => Math.floor(text.length * (index + 0.37) / 12));
    for (const cut of cuts) {
      const file = join(folder.path, name);
      await Deno.writeTextFile(file, text.slice(0, cut));
      const out = join(folder.path, `${name}-${cut}`);
      try {
        const { dataset } = await imported([file], { out });
        assert(dataset.attempts.length > 0);
        read++;
      } catch (error) {
        assert(error instanceof InputError, `${name} cut at ${cut}: ${error}`);
        await assert.rejects(Deno.stat(out));
      }
    }
  }
  assert(read > 3 * Object.keys(texts).length, `${read} were read`);
});

/** What real tools wrote, whole: its folder, and its name. */
const REAL: [folder: string, name: string][] = [
  ["locust", "viewers_stats_history.csv"],
  ["jmeter", "viewers.csv.jtl"],
  ["jmeter", "viewers.xml.jtl"],
];

Deno.test("importRun() of real files with random damage reads them, or says that it cannot: nothing else ever happens", async () => {
  await using folder = await tempFolder();
  const random = seededRandom(7);
  const damages = [
    (bytes: Uint8Array, at: number) => bytes[at] = Math.floor(256 * random()),
    (bytes: Uint8Array, at: number) => bytes[at] = 0,
    (bytes: Uint8Array, at: number) => bytes.copyWithin(at, at + 1),
    (bytes: Uint8Array, at: number) => bytes.set(bytes.slice(0, 300), Math.min(at, bytes.length - 300)),
  ];
  const files = [...REAL.map(([name, file]) => join(FILES, name, file)), join(FILES, "artillery/level_4.json")];
  let [read, refused] = [0, 0];
  for (const file of files) {
    const whole = await Deno.readFile(file);
    for (let round = 0; round < 16; round++) {
      const bytes = whole.slice();
      for (let hit = 0; hit <= round % 4; hit++) {
        damages[(round + hit) % damages.length](bytes, Math.floor(bytes.length * random()));
      }
      const damaged = join(folder.path, file.split("/").at(-1)!);
      await Deno.writeFile(damaged, bytes);
      const out = join(folder.path, `${file.split("/").at(-1)}-${round}`);
      try {
        const { summary } = await imported([damaged], { out });
        summary.levels.flatMap(({ metrics }) => Object.values(metrics)).forEach((value) =>
          assert(Number.isFinite(value))
        );
        read++;
      } catch (error) {
        assert(error instanceof InputError, `${damaged}, round ${round}: ${(error as Error).stack}`);
        await assert.rejects(Deno.stat(out));
        refused++;
      }
    }
  }
  assert(read >= 8 && refused >= 8, `${read} were read, ${refused} refused`);
});

Deno.test("a file that is written to between its two readings is refused, and leaves no run", async () => {
  await using folder = await tempFolder();
  const file = { path: join(folder.path, "k6.json"), name: "k6.json" };
  await Deno.writeTextFile(file.path, k6File([{ vus: 2, seconds: 8 }], { format: "json" }));
  const reader = READERS["k6-json"];
  assert(reader.kind === "raw");
  const survey = await surveyRaw(file, reader);
  await Deno.writeTextFile(file.path, "\n", { append: true });
  const level = join(folder.path, "level");
  await Deno.mkdir(level);
  await assert.rejects(
    writeRaw(file, [level], { reader, survey }),
    /a file that nobody writes to meanwhile: it has changed/,
  );
});
