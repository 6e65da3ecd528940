import assert from "node:assert/strict";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "../../src/dataset/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { makePlan } from "../../src/plan/mod.ts";
import { coolDown } from "../../src/run/cool_down.ts";
import { resume, RunDirectory } from "../../src/run/mod.ts";
import { restCores } from "../../src/run/rest_cores.ts";
import type { ProgressEvent } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";

const SAMPLE = fileURLToPath(new URL("../../data/sample/streamer_http", import.meta.url));
const never = new AbortController().signal;

/** A process that uses a core, until its scope ends. */
function burn(): Disposable {
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", "for (;;);"] }).spawn();
  return { [Symbol.dispose]: () => child.kill("SIGKILL") };
}

Deno.test("coolDown() ends after two looks where the machine is as it was at rest", async () => {
  // Busier than all of its cores no machine gets.
  const { waited_ms, quiet, busy_cores } = await coolDown(cpus().length, 60_000, never);
  assert(quiet);
  assert(waited_ms >= 300 && waited_ms < 60_000, `${waited_ms} ms`);
  assert(busy_cores >= 0 && busy_cores <= 1.1 * cpus().length, `${busy_cores} cores`);
});

Deno.test("coolDown() waits for a process that is busy, and gives up at its limit", async () => {
  using _ = burn();
  const { waited_ms, quiet, busy_cores } = await coolDown(0, 1000, never);
  assert(!quiet);
  assert(waited_ms >= 1000, `${waited_ms} ms`);
  assert(busy_cores > 0.2, `${busy_cores} cores`);
});

Deno.test("coolDown() ends when the sweep does", async () => {
  using _ = burn();
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  assert(!(await coolDown(0, 600_000, stop.signal)).quiet);
});

Deno.test("restCores() reads the idle window before the sweep", async () => {
  const cores = await restCores(SAMPLE);
  assert(cores > 0 && cores < 1, `${cores} cores`);
  assert.equal(await restCores("/nowhere"), 0);
});

Deno.test("an attempt beside a busy process waits, begins all the same, and everybody is told", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer();
  const path = join(folder.path, "run");
  const created = RunDirectory.create(path);
  created.writeJson(
    "plan.json",
    makePlan({
      url: streamer.url,
      levels: [1],
      replicates: 1,
      duration_ms: 1000,
      warmup_ms: 0,
      idle_ms: 1000,
      cooldown_ms: 500,
    }),
  );
  created.close();
  // At rest the machine was quieter than one with a busy process ever is.
  const before = join(path, "idle", "before");
  await Deno.mkdir(before, { recursive: true });
  for (const { name } of Deno.readDirSync(join(SAMPLE, "idle", "before"))) {
    await Deno.copyFile(join(SAMPLE, "idle", "before", name), join(before, name));
  }
  using _ = burn();
  const told: Extract<ProgressEvent, { kind: "flag" }>[] = [];
  const end = await resume(path, { onProgress: (event) => event.kind === "flag" && told.push(event) });
  assert.equal(end.state, "complete", end.reason);

  const { info, warnings } = await load(path);
  const starts = info.manifest.flatMap((line) => line.event === "attempt_started" ? line : []);
  assert.equal(starts.length, 2);
  for (const { cooldown } of starts) {
    assert(cooldown && !cooldown.quiet && cooldown.waited_ms >= 500, JSON.stringify(cooldown));
    assert(cooldown.busy_cores > cooldown.rest_cores + 0.2, JSON.stringify(cooldown));
  }
  const live = told.filter(({ name }) => name === "busy_start");
  assert.deepEqual(live.map(({ level, replicate }) => [level, replicate]), [[1, 0], [1, 1]]);
  assert.match(
    live[0].reason,
    /^\d\.\d\d cores were busy when it began, \d\.\d\d at rest, after \d+\.\d s of waiting$/,
  );
  assert.match(
    warnings.filter((text) => /quiet/.test(text)).join(),
    /^1 attempt began though the machine had not become quiet: .* cores were busy before levels\/1\/r1\/a1, /,
  );
});
