import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import {
  assertWhole,
  freePort,
  helloCommand,
  lines,
  manifestOf,
  type Running,
  SHORT,
  startPlimsoll,
  until,
  writePlan,
} from "./under_fault.ts";

/** Where the coordinator is killed, in the order in which a sweep gets there. */
const POINTS: [name: string, reached: (run: string) => boolean][] = [
  ["after sweep_started", (run) => manifestOf(run).some(({ event }) => event === "sweep_started")],
  [
    "during idle",
    (run) => ["before", "before-a2"].some((name) => lines(join(run, "idle", name, "resources.jsonl")).length > 0),
  ],
  ["mid-level", (run) => lines(join(run, "levels", "1", "r0", "a1", "requests.jsonl")).length > 3],
];

Deno.test("kill -9 of the coordinator at any point leaves no process and no torn row, and resume goes on", async () => {
  await using folder = await tempFolder();
  const run = join(folder.path, "run");
  const port = freePort();
  const plan = await writePlan(folder.path, {
    ...SHORT,
    url: `http://127.0.0.1:${port}/`,
    target_command: helloCommand(port),
  });
  let running: Running = startPlimsoll(["sweep", plan, "--out", run]);
  for (const [name, reached] of POINTS) {
    await until(() => reached(run), () => name);
    running.kill("SIGKILL");
    assert.equal((await running.ended()).signal, "SIGKILL", name);
    running = startPlimsoll(["resume", run]);
  }

  // Between the seal and its line in the manifest: the seal decides.
  const sealed = join(run, "levels", "1", "r0", "a2");
  for (const end_ms = performance.now() + 60_000; performance.now() < end_ms;) {
    if (existsSync(join(sealed, "COMPLETE.json"))) break;
    if (!existsSync(join(sealed, "requests.jsonl"))) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  running.kill("SIGKILL");
  await running.ended();
  // Where the kill came too late, and a crash that cut the next line off.
  const manifest = join(run, "manifest.jsonl");
  const kept = lines(manifest).filter((line) => !/"attempt_complete"/.test(line));
  await Deno.writeTextFile(manifest, kept.join("\n") + '\n{"at":"2026-01-01T00:00:00.000Z","event":"attempt_comp');

  const last = await startPlimsoll(["resume", run]).ended();
  assert.equal(last.code, 0, last.stderr);
  assert.equal(last.end!.state, "complete");
  const notes = manifestOf(run);
  assert.equal(notes.filter(({ event }) => event === "resumed").length, 4);
  assert.deepEqual(
    notes.flatMap((line) => line.event === "attempt_complete" ? line.path : []).sort(),
    ["levels/1/r0/a2", "levels/1/r1/a1", "levels/2/r1/a1"],
  );
  const cut = notes.flatMap((line) => line.event === "attempt_failed" || line.event === "idle_failed" ? line : []);
  assert(cut.some(({ path }) => path === "levels/1/r0/a1"));
  for (const { reason } of cut) assert.equal(reason, "the sweep ended while it ran");
  assert(assertWhole(join(run, "levels", "1", "r0", "a1", "requests.jsonl")) > 3);
  assert(!existsSync(join(run, "levels", "1", "r0", "a3")), "what is sealed is not repeated");
  const dataset = await load(run);
  assert.equal(summarise(dataset).levels.length, 2);
  assert(dataset.warnings.includes("manifest.jsonl: 1 broken line was left out"), dataset.warnings.join());
  assert(statSync(join(run, "provenance.json")).size > 0);
});
