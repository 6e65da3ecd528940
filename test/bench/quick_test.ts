import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { hasProgram } from "../has_program.ts";
import { tempFolder } from "../temp_folder.ts";
import { goalsTable, quantile, Rounds, significant } from "./rounds.ts";

/** Runs benchmarks as short as they can be, with such peers only as are on the PATH. */
async function quick(name: string): Promise<string> {
  await using cache = await tempFolder();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", fileURLToPath(new URL("main.ts", import.meta.url)), name, "--quick"],
    env: { XDG_CACHE_HOME: cache.path, NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(success, `${text}\n${new TextDecoder().decode(stderr)}`);
  return text;
}

/** The row of a table, cells apart. */
function row(text: string, name: string): string[] {
  const line = text.split("\n").find((each) => each.startsWith(`${name}  `));
  assert(line !== undefined, `no row ${name} in:\n${text}`);
  return line.trim().split(/ {2,}/);
}

const ignore = !hasProgram("nginx") || !hasProgram("taskset");

Deno.test({ name: "bench http measures our generator, and names the peers that are not there", ignore }, async () => {
  const text = await quick("http");
  assert(Number(row(text, "plimsoll, all rows recorded")[1].replaceAll(",", "")) > 0);
  assert.match(text, /errors: 0/);
  assert.match(text, /Left out, as it is not installed: artillery/);
  assert.deepEqual(row(text, "requests/s at 50 connections / artillery's").slice(-2), ["–", "not measured"]);
});

Deno.test({ name: "bench paced measures sessions that keep their pace", ignore }, async () => {
  const text = await quick("paced");
  const rate = Number(row(text, "plimsoll, 20 sessions")[1]);
  assert(rate > 0 && rate < 30, `${rate} requests/s of 20 sessions that send one a second`);
  assert.match(row(text, "MiB a session above the base at 200 sessions").at(-1)!, /^(not )?met$/);
});

Deno.test({ name: "bench browser measures what drives a browser", ignore }, async () => {
  const text = await quick("browser");
  const [, pss_mib, , cores] = row(text, "plimsoll").map(Number);
  assert(pss_mib > 0 && cores > 0, text);
  assert.match(text, /generator PSS \/ artillery's .* not measured/);
});

Deno.test({
  name: "bench cluster measures the hub and who leads a sweep",
  ignore: ignore || !hasProgram("redis-server"),
}, async () => {
  const text = await quick("cluster");
  assert.match(text, /Through the hub: [\d,.]+ rows\/s/);
  assert.equal(row(text, "      10")[2], "0", text);
});

Deno.test("bench measure measures samplers and the recorder", { ignore: Deno.build.os !== "linux" }, async () => {
  const text = await quick("measure");
  assert(Number(row(text, "systeminformation")[1]) > 0, text);
  assert.match(row(text, "request rows recorded a second").at(-1)!, /^(not )?met$/);
});

Deno.test("bench fit fits, and names the peers that are not there", async () => {
  const text = await quick("fit");
  const [, fits, , lambda, sigma, kappa] = row(text, "plimsoll, fitCurve and bootstrapFit");
  assert(Number(fits.replaceAll(",", "")) > 1000, text);
  assert.deepEqual([lambda, sigma, kappa], ["960.1509", "0.0204539", "0.000890960"]);
  assert.match(row(text, "fits/s, plimsoll / scipy").at(-1)!, /^((not )?met|not measured)$/);
});

Deno.test("bench sizing sizes known truths and says its goals", async () => {
  const text = await quick("sizing");
  assert(Number(row(text, "line through 0")[3]) > 1, text);
  assert.match(row(text, "line through 0").at(-1)!, /^(not )?met$/);
  assert.equal(row(text, "none")[1], "0.0 %");
});

Deno.test("bench coverage measures bands on simulated sweeps", async () => {
  const text = await quick("coverage");
  const shares = row(text, "USL, κ 0, 8 levels, constant")[1].split("  ").map(Number);
  assert(shares.every((share) => share >= 80 && share <= 100), text);
  assert.match(text, /Out of 93 to 97 %/);
});

Deno.test("bench dataset measures loading a run, from its rows and from what is derived of them", async () => {
  const text = await quick("dataset");
  assert(Number(row(text, "plimsoll, JSONL")[1]) > 0, text);
  assert(Number(row(text, "plimsoll, Parquet")[1]) > 0, text);
  assert.match(text, /All of them come to the same numbers/);
  assert.match(row(text, "peak RSS, JSONL [MiB]").at(-1)!, /^(not )?met$/);
});

Deno.test(
  "bench notebook waits for the first chart of a real kernel",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    const text = await quick("notebook");
    const [, ready, first, all, early, peak] = row(text, "02_clean_the_samples").map(Number);
    assert(ready > 0 && first > ready && all >= first, text);
    assert(early > 50 && peak >= early, text);
    assert.match(row(text, "RSS at first plot of 02_clean_the_samples [MB]").at(-1)!, /^(not )?met$/);
  },
);

Deno.test("Rounds leaves out who fails, compares within rounds, and lets ours not fail", async () => {
  const values: Record<string, number[]> = { ours: [1, 2, 30], slow: [2, 8, 60] };
  const next = (name: string) => () => Promise.resolve(values[name].shift()!);
  const fails = () => Promise.reject(new Error("no such program"));
  const rounds = await Rounds.run({ ours: next("ours"), slow: next("slow"), fails, absent: undefined }, {
    rounds: 3,
    ours: "ours",
  });
  assert.deepEqual(rounds.names, ["ours", "slow"]);
  assert.equal(rounds.median("slow", (value) => value), 8);
  assert.equal(rounds.ratio("ours", "slow", (value) => value), 0.5);
  assert(Number.isNaN(rounds.ratio("ours", "fails", (value) => value)));
  await assert.rejects(Rounds.run({ ours: fails }, { rounds: 1, ours: "ours" }), /no such program/);
});

Deno.test("goalsTable says of each goal whether it is met", () => {
  const lines = goalsTable([
    { what: "a", measured: 1.1, sense: ">=", wanted: 1.1 },
    { what: "b", measured: 0.5049, sense: "<=", wanted: 0.5 },
    { what: "c", measured: NaN, sense: "<=", wanted: 2 },
  ]).split("\n").slice(2);
  assert.deepEqual(lines.map((line) => line.trim().split(/ {2,}/).slice(-2)), [
    ["1.1", "met"],
    ["0.505", "not met"],
    ["–", "not measured"],
  ]);
  assert.deepEqual([significant(0.012345), significant(12345.6), significant(NaN)], ["0.0123", "12,346", "–"]);
  assert.deepEqual([quantile([3, 1, 2], 0.5), quantile([3, 1, 2], 0.99), quantile([], 0.5)], [2, 3, NaN]);
});
