/** A search for the limit of a Streamer that one thread serves: its setting says where that lies. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { nextLimitLevel, parseLimit, type TriedReplicate } from "../../src/plan/mod.ts";
import { makeReport } from "../../src/report/mod.ts";
import { reportContent } from "../../src/report/report_content.ts";
import type { LevelSummary, ManifestLine } from "../../src/schema/mod.ts";
import { lines, manifestOf, startPlimsoll, until, writePlan } from "../faults/under_fault.ts";
import { tempFolder } from "../temp_folder.ts";

const CPU_MS = 50;
const PACE_MS = 500;
/** As many as one core serves at most. */
const CAPACITY = PACE_MS / CPU_MS;

/** Cores that neither the target nor Plimsoll used. */
function othersCores({ metrics }: LevelSummary): number {
  return metrics.system_cores - metrics.target_cores - metrics.generator_cores;
}

/** The attempts that were begun, in order, the run to warm up left out. */
function begun(manifest: ManifestLine[]): { level: number; path: string }[] {
  return manifest.flatMap((line) => line.event === "attempt_started" && !line.discarded ? line : []);
}

Deno.test("--find-limit finds what one core serves, and goes on with the same search after kill -9", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer({ cpu_ms: CPU_MS });
  const run = join(folder.path, "run");
  const plan = {
    url: `${streamer.url}api/chat?viewer={session}`,
    levels: [4, 32],
    find_limit: parseLimit("p95<300ms,errors<1%"),
    replicates: 1,
    duration_ms: 2000,
    warmup_ms: 500,
    idle_ms: 1000,
    pace_ms: PACE_MS,
  };
  const first = startPlimsoll(["sweep", await writePlan(folder.path, plan), "--out", run]);
  // On a busy machine the search may be over before it gets that far.
  const reached = () => lines(join(run, "levels", "16", "r1", "a1", "requests.jsonl")).length > 3;
  const over = () => manifestOf(run).some(({ event }) => event === "limit_found");
  await until(() => reached() || over());
  first.kill("SIGKILL");
  await first.ended();
  const before = manifestOf(run);

  const { code, end, stderr } = await startPlimsoll(["resume", run]).ended();
  assert.equal(code, 0, stderr);
  assert.equal(end!.state, "complete");
  const limit = end!.limit!;
  const manifest = manifestOf(run);
  const { at: _at, event: _event, ...noted } = manifest.findLast(({ event }) => event === "limit_found")! as
    & typeof limit
    & ManifestLine;
  assert.deepEqual(noted, limit);

  const complete = new Set(before.flatMap((line) => line.event === "attempt_complete" ? line.path : []));
  const resumed = manifest.findIndex(({ event }) => event === "resumed");
  for (const { path } of begun(manifest.slice(resumed))) {
    assert(!complete.has(path.replace(/a\d+$/, "a1")), `${path} was complete before`);
  }

  // Whoever has the results makes the same search of them, and gets the same answer.
  const dataset = await load(run);
  const summary = summarise(dataset);
  const search = { levels: plan.levels, replicates: plan.replicates, find_limit: plan.find_limit };
  const tried: TriedReplicate[] = [];
  const path = [...new Set(begun(manifest).map(({ level }) => level))];
  for (const level of path) {
    const step = nextLimitLevel(search, tried);
    assert(step.kind === "run" && step.level === level, `${level} of ${path.join()}`);
    const { seal } = dataset.attempts.find(({ seal, discarded }) => seal.level === level && !discarded)!;
    const found = summary.levels.find((one) => one.level === level)!;
    tried.push({ level, replicate: 1, summary: found, failing: seal.state === "failing" });
  }
  assert.deepEqual(nextLimitLevel(search, tried), { kind: "found", limit });

  assert(limit.sessions <= 1.2 * CAPACITY, `no more than a core can serve: ${limit.text}`);
  // Where others took the machine, less holds.
  const alone = summary.levels.every((level) =>
    othersCores(level) < 0.3 && !level.flags.some(({ name }) => name === "steal")
  );
  if (alone) {
    assert.equal(limit.ended_by, "target", limit.text);
    assert(limit.sessions >= 0.7 * CAPACITY, limit.text);
    assert.match(limit.text, /^p95 < 300 ms and errors < 1 % hold up to \d+ sessions \(\d+ does not: p95 \d+ ms\)$/);
  }
  assert.deepEqual(summary.limit, limit);
  const { answers } = reportContent(makeReport(dataset));
  assert.equal(answers[0], `${limit.text}.`);
});
