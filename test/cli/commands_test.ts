import assert from "node:assert/strict";
import { join } from "node:path";
import pl from "nodejs-polars";
import { startStreamer } from "../../src/demo/mod.ts";
import { fitReportSchema, reportSchema, sizingSchema } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { runPlimsoll } from "./run_plimsoll.ts";

Deno.test("every command explains itself, with an example that can be run", async () => {
  const { code, stdout } = await runPlimsoll(["--help"]);
  assert.equal(code, 0);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name);
  assert(commands.includes("sweep") && commands.length >= 10, commands.join());
  for (const command of commands) {
    const help = await runPlimsoll([command, "--help"]);
    assert.equal(help.code, 0, `${command}: ${help.stderr}`);
    assert.match(help.stdout, new RegExp(`^ {2}plimsoll ${command}`, "m"), command);
  }
});

Deno.test("plimsoll sweep --dry-run says order, length and disk, and does nothing", async () => {
  await using folder = await tempFolder();
  const args = [
    "sweep",
    "--url",
    "http://127.0.0.1:9/",
    "--levels",
    "1,2,4",
    "--replicates",
    "2",
    "--duration",
    "5s",
    "--dry-run",
  ];
  const { code, stdout } = await runPlimsoll([...args, "--json"], folder.path);
  assert.equal(code, 0);
  const dry = JSON.parse(stdout);
  assert.equal(dry.order.length, 7);
  assert(dry.length_ms > 7 * 10_000 && dry.length_ms < 7 * 15_000, `${dry.length_ms} ms`);
  const text = await runPlimsoll(args, folder.path);
  assert.match(text.stdout, /order:.*\n.*length: about \d+:\d\d\n.*disk: {3}about \d+ MB/);
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  // The target may come later than the plan.
  assert.equal(dry.unreached, "nothing accepts connections on port 9 of 127.0.0.1");
  assert.match(text.stdout, /now: {4}nothing accepts connections on port 9 of 127\.0\.0\.1: the sweep would not begin/);
});

Deno.test("plimsoll sweep --find-limit --dry-run says how long the search may become", async () => {
  await using streamer = await startStreamer();
  const args = ["sweep", "--url", streamer.url, "--find-limit", "p95<500ms", "--replicates", "2", "--dry-run"];
  const dry = JSON.parse((await runPlimsoll([...args, "--json"])).stdout);
  assert.deepEqual(dry.plan.find_limit, [{ metric: "latency_ms_p95", below: 500 }]);
  assert.equal(dry.unreached, undefined);
  const text = await runPlimsoll([...args, "--levels", "4..32"]);
  assert.match(
    text.stdout,
    /order: {2}from 4 doubled .*, at most to 32, then halved between: at most 8 levels, 2 times each\nlength: at most about/,
  );
  assert(!/now:/.test(text.stdout), text.stdout);
});

Deno.test("from a sweep to a report, by the command line alone", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer();
  const run = join(folder.path, "run");
  const url = `${streamer.url}api/chat?viewer={session}`;
  const swept = await runPlimsoll([
    ...["sweep", "--url", url, "--levels", "1,2,4", "--replicates", "1", "--duration", "3s", "--warmup", "500ms"],
    ...["--idle", "1s", "--pace", "250ms", "--target-port", String(streamer.port), "--out", run, "--json"],
  ]);
  assert.equal(swept.code, 0, swept.stderr);
  assert.deepEqual(JSON.parse(swept.stdout), {
    schema: "plimsoll.sweep/1",
    path: run,
    state: "complete",
    attempts: { complete: 3, failing: 0, planned: 3 },
  });
  assert.match(swept.stderr, /\[ 1\/6\] machine at rest, before/);

  const fitted = await runPlimsoll(["fit", run, "--at", "3,8", "--json"]);
  const fit = fitReportSchema.parse(JSON.parse(fitted.stdout));
  assert.deepEqual(fit.metrics.target_cores.points.map(({ level }) => level).toSorted(), [1, 2, 4]);

  const sized = await runPlimsoll(["size", run, "--target", "3,6", "--json"]);
  const sizing = sizingSchema.parse(JSON.parse(sized.stdout));
  assert.deepEqual([...new Set(sizing.rows.map((row) => row.target_sessions))], [3, 6]);
  const spoken = await runPlimsoll(["size", run, "--target", "3"]);
  assert.match(spoken.stdout, /^3 sessions: /, "the answer comes first");

  const reported = await runPlimsoll(["report", run, "--target", "3"]);
  assert.equal(reported.code, 0, reported.stderr);
  reportSchema.parse(JSON.parse(Deno.readTextFileSync(join(run, "report", "report.json"))));
  for (const name of ["report.html", "report.md"]) assert(Deno.statSync(join(run, "report", name)).size > 1000, name);

  for (const format of ["parquet", "csv"]) {
    const exported = await runPlimsoll(["export", run, "--format", format]);
    assert.equal(exported.code, 0, exported.stderr);
    const path = join(run, "derived", `levels.${format}`);
    const frame = format === "csv" ? pl.readCSV(path) : pl.readParquet(path);
    assert.equal(frame.height, 3);
    assert(frame.columns.includes("target_cores"));
  }

  const listed = await runPlimsoll(["list", folder.path, "--json"]);
  assert.deepEqual(
    JSON.parse(listed.stdout).runs.map((one: { attempts: number; state: string }) => [one.attempts, one.state]),
    [[4, "complete"]],
  );
});

Deno.test("plimsoll schema prints JSON Schemas", async () => {
  for (const name of ["plan", "request", "resource", "fit", "sizing", "report"]) {
    const { code, stdout } = await runPlimsoll(["schema", name]);
    assert.equal(code, 0);
    const schema = JSON.parse(stdout);
    assert.equal(schema.type, "object");
    assert(Object.keys(schema.properties).length >= 3, name);
  }
});

Deno.test("plimsoll fit reads a table that something else measured, and says what is wrong with one", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "levels.csv");
  const rows = [1, 2, 4, 8, 16].flatMap((
    n,
  ) => [`${n},1,${0.1 + 0.05 * n},${10 * n},a`, `${n},2,${0.1 + 0.051 * n},${10 * n},b`]);
  await Deno.writeTextFile(file, ["clients,run,target_cores,throughput,note", ...rows].join("\n"));
  const { code, stdout, stderr } = await runPlimsoll(["fit", file, "--x", "clients", "--replicate", "run", "--json"]);
  assert.equal(code, 0, stderr);
  const { metrics } = fitReportSchema.parse(JSON.parse(stdout));
  assert.deepEqual(Object.keys(metrics), ["target_cores", "throughput"]);
  assert.deepEqual([metrics.target_cores.kind, metrics.throughput.kind], ["demand", "throughput"]);
  assert.equal(metrics.target_cores.accepted, "linear");
  assert.equal(metrics.target_cores.points.length, 10);

  const bad: [args: string[], message: RegExp][] = [
    [["--x", "users"], /Cannot use --x: current value is "users"\. Give one of the columns of .*: clients, run,/],
    [
      ["--x", "clients", "--y", "note"],
      /Cannot use note, line 2 of .*: current value is "a"\. Give a number, at most 1e150\./,
    ],
    [["--x", "clients", "--kind", "cost"], /Cannot use --kind: current value is "cost"\. Give demand or throughput\./],
  ];
  for (const [args, message] of bad) {
    const end = await runPlimsoll(["fit", file, ...args]);
    assert.equal(end.code, 2);
    assert.match(end.stderr, message);
  }
});
