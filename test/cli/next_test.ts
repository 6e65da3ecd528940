import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nextLevelSchema } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { runPlimsoll } from "./run_plimsoll.ts";

const SAMPLE = fileURLToPath(new URL("../../data/sample/streamer_http", import.meta.url));

Deno.test("plimsoll next names a level for the committed run, within its machine, and the same in words", async () => {
  const { code, stdout } = await runPlimsoll(["next", SAMPLE, "--target", "250", "--json"]);
  assert.equal(code, 0);
  const next = nextLevelSchema.parse(JSON.parse(stdout));
  assert.deepEqual([next.kind, next.target_sessions, next.metric], ["narrow", 250, "serving_cores"]);
  assert.ok(next.levels[0] > 32 && next.levels[0] <= 128, next.reason);
  assert.equal((await runPlimsoll(["next", SAMPLE, "--target", "250"])).stdout.trim(), next.reason);
});

Deno.test("plimsoll next reads a table that something else measured", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "levels.csv");
  await Deno.writeTextFile(file, "sessions,cores\n1,0.26\n2,0.29\n4,0.41\n");
  const { code, stdout } = await runPlimsoll(["next", file, "--y", "cores", "--json"]);
  assert.equal(code, 0);
  const next = nextLevelSchema.parse(JSON.parse(stdout));
  assert.deepEqual([next.kind, next.levels, next.source], ["fit", [8, 16], file]);
});

const WRONG: [string[], string, RegExp][] = [
  [["next", SAMPLE, "--target", "0"], "", /--target.*0.*from 1 to/],
  [["next", SAMPLE, "--target", "many"], "", /--target.*many/],
  [["next", SAMPLE, "--y", "cores"], "", /--y.*FILE\.csv/],
  [["next"], "", /RUN/],
  [["fit", "FILE"], "sessions,cores\n1,NaN\n", /.*/],
  [["fit", "FILE", "--y", "cores"], "sessions,cores\n1,NaN\n2,1\n", /cores, line 2 of .*NaN.*a number/],
  [["fit", "FILE"], "sessions,cores\n1,1e300\n2,1\n", /cores, line 2 of .*1e300.*at most 1e150/],
  [["next", "FILE", "--y", "cores"], "sessions,cores\n1e300,1\n", /sessions, line 2 of .*1e300/],
];

for (const [args, csv, message] of WRONG) {
  Deno.test(`plimsoll ${args.map((arg) => arg.replace(SAMPLE, "RUN")).join(" ")} of ${JSON.stringify(csv)} is bad input`, async () => {
    await using folder = await tempFolder();
    const file = join(folder.path, "levels.csv");
    await Deno.writeTextFile(file, csv);
    const { code, stdout, stderr } = await runPlimsoll(args.map((arg) => arg === "FILE" ? file : arg));
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, message);
  });
}

Deno.test("plimsoll fit says which parameter ended at its bound, and how far it may go", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "levels.csv");
  // Amdahl's law with 3 % of the work in series, and a last level that is 3 % above it.
  const rows = ["1,100", "2,194.2", "4,367", "8,661", "16,1103", "32,1710"];
  await Deno.writeTextFile(file, `sessions,throughput\n${rows.join("\n")}\n`);
  const { code, stdout } = await runPlimsoll(["fit", file, "--at", "64"]);
  assert.equal(code, 0);
  assert.match(stdout, /^ +kappa +0 \(bound\) +\[0, [\d.e-]+\]$/m);
  const document = JSON.parse((await runPlimsoll(["fit", file, "--at", "64", "--json"])).stdout);
  const { kappa } = document.metrics.throughput.models.find(({ name }: { name: string }) => name === "usl").parameters;
  assert.deepEqual([kappa.value, kappa.standard_error, kappa.interval[0]], [0, null, 0]);
});

Deno.test("plimsoll schema next prints what plimsoll next promises", async () => {
  const { code, stdout } = await runPlimsoll(["schema", "next"]);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout).required, [
    "schema",
    "source",
    "target_sessions",
    "kind",
    "levels",
    "metric",
    "reason",
  ]);
});
