/** Several agents an attempt, in real sweeps. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { load } from "../../src/dataset/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { agentsFor, type AgentUse, makePlan, sessionPhase, shareOf, splitShare, WHOLE } from "../../src/plan/mod.ts";
import { agentUse } from "../../src/run/agent_use.ts";
import { runAttempt } from "../../src/run/attempt.ts";
import { sweep } from "../../src/run/mod.ts";
import { attemptFile, attemptFiles, type RowKind } from "../../src/schema/attempt_files.ts";
import type { EventRow, RequestRow } from "../../src/schema/rows.ts";
import { cgroupLimits } from "../../src/sample/cgroup_limits.ts";
import {
  assertWhole,
  lines,
  manifestOf,
  processWith,
  rememberingTarget,
  SHORT,
  startPlimsoll,
  until,
  writePlan,
} from "../faults/under_fault.ts";
import { tempFolder } from "../temp_folder.ts";

const LEVEL = 5;

Deno.test("one, two and three agents drive the same schedule, each its share, each into files of its own", async () => {
  await using folder = await tempFolder();
  await using target = rememberingTarget();
  const plan = makePlan({ ...SHORT, url: target.url, pace_ms: 200 });
  for (const agents of [1, 2, 3]) {
    const path = join(folder.path, String(agents));
    await Deno.mkdir(path);
    const job = { plan, level: LEVEL, replicate: 1, attempt: 1, address: "127.0.0.1", run: path, artifacts: path };
    const seen: number[] = [];
    const end = await runAttempt({
      kind: "level",
      folder: path,
      jobs: splitShare(WHOLE, agents).map((share) => ({ ...job, share, sessions: shareOf(LEVEL, share) })),
      length_ms: 1500,
      lead_ms: 0,
      sample_interval_ms: 200,
      target: { pids: [], runs: () => true },
      targetEnd: "failing",
      permissions: [`--allow-net=127.0.0.1:${target.port}`, `--allow-write=${path}`],
      guards: { stop: new AbortController().signal, drop: new AbortController().signal },
      onProgress: (event) => event.kind === "sample" && seen.push(event.live_sessions),
    });
    assert(end.kind === "complete", JSON.stringify(end));
    assert.equal(Math.max(...seen), LEVEL, "all agents' sessions are counted together");
    const all = <Row>(kind: RowKind) =>
      attemptFiles(end.seal.files, kind).flatMap((name) =>
        lines(join(path, name)).map((line): Row => JSON.parse(line))
      );
    assert.deepEqual(attemptFiles(end.seal.files, "events").length, agents);
    for (const [index, share] of splitShare(WHOLE, agents).entries()) {
      const file = join(path, attemptFile("requests", index + 1));
      assert.equal(assertWhole(file), end.seal.files[attemptFile("requests", index + 1)].rows);
      const sessions = new Set(lines(file).map((line) => JSON.parse(line).session));
      assert.deepEqual([...sessions].sort(), shareOf(LEVEL, share));
    }
    assertSchedule({ requests: all("requests"), events: all("events"), to_ms: end.seal.window.to_ms }, plan.pace_ms);
  }
});

/** Every row is on the grid that the seed gives its session, and each slot of it is a row or counted as undelivered. */
function assertSchedule(
  { requests, events, to_ms }: { requests: RequestRow[]; events: EventRow[]; to_ms: number },
  pace_ms: number,
): void {
  for (let session = 0; session < LEVEL; session++) {
    const rows = requests.filter((row) => row.session === session);
    const phase_ms = sessionPhase({ seed: 1, pace_ms }, { level: LEVEL, replicate: 1, session });
    const slots = rows.map((row) => (row.scheduled_ms - phase_ms) / pace_ms);
    for (const slot of slots) assert(Math.abs(slot - Math.round(slot)) < 1e-4, `session ${session}, slot ${slot}`);
    assert(Math.abs(slots[0]) < 1e-4, `session ${session} begins with slot ${slots[0]}`);
    const missed = events.reduce(
      (sum, row) => sum + (row.event === "undelivered" && row.session === session ? row.slots : 0),
      0,
    );
    const planned = Math.ceil((to_ms - phase_ms) / pace_ms);
    assert(Math.abs(rows.length + missed - planned) <= 1, `${rows.length} rows and ${missed} missed of ${planned}`);
  }
}

Deno.test("how many agents a level gets follows from what is complete, is in the manifest, and said", async () => {
  await using folder = await tempFolder();
  await using target = await startStreamer({ cpu_ms: 0.1 });
  const run = join(folder.path, "run");
  const said: string[] = [];
  const end = await sweep({ ...SHORT, url: target.url, levels: [4, 24], pace_ms: 1 }, {
    out: run,
    onProgress: (event) => event.kind === "flag" && event.name === "agents" && said.push(`${event.level}`),
  });
  assert.equal(end.state, "complete", end.reason);
  const cores = Math.min(cpus().length, Deno.build.os === "linux" ? cgroupLimits().cores ?? Infinity : Infinity);
  const before: AgentUse[] = [];
  const several: string[] = [];
  for (const line of manifestOf(run)) {
    if (line.event !== "attempt_started") continue;
    const { level, path, agents } = line;
    assert.equal(agents, agentsFor(level, before, Math.min(cores, level)).agents, path);
    if (agents! > 1) several.push(`${level}`);
    const seal = JSON.parse(await Deno.readTextFile(join(run, path, "COMPLETE.json")));
    assert.equal(Object.keys(seal.files).filter((name) => name.startsWith("events")).length, agents);
    before.push(...agentUse(join(run, path), seal));
  }
  assert.deepEqual(said, several);
  assert.equal(before.length, Deno.build.os === "linux" ? 3 : 0);
});

Deno.test("kill -9 of the second agent costs its attempt only", async () => {
  await using folder = await tempFolder();
  await using target = rememberingTarget();
  const run = join(folder.path, "run");
  const plan = await writePlan(folder.path, { ...SHORT, url: target.url, levels: [2], agents: 2 });
  const running = startPlimsoll(["sweep", plan, "--out", run]);
  const rows = join(run, "levels", "2", "r0", "a1", "requests.2.jsonl");
  await until(() => existsSync(rows) && lines(rows).length > 0);
  await processWith(running, "http_agent.ts");
  // The one that was started second.
  const agents = running.processes().filter(({ command }) => command.includes("http_agent.ts"));
  assert.equal(agents.length, 2);
  Deno.kill(Math.max(...agents.map(({ pid }) => pid)), "SIGKILL");
  const { code, end } = await running.ended();
  assert.equal(code, 0);
  assert.deepEqual(end!.attempts, { complete: 1, failing: 0, planned: 1 });
  const failed = manifestOf(run).flatMap((line) => "reason" in line ? `${line.event}: ${line.reason}` : []);
  assert.deepEqual(failed, ["attempt_failed: The http agent 2 ended early (SIGKILL)"]);
  assert(assertWhole(rows) > 0 && assertWhole(rows.replace(".2.", ".")) > 0);
  const { attempts } = await load(run);
  assert.deepEqual(attempts.map(({ path }) => path), ["levels/2/r0/a2", "levels/2/r1/a1"]);
});

Deno.test("a file of a second agent that is not what was sealed sets its attempt apart, and resume repeats it", async () => {
  await using folder = await tempFolder();
  await using target = await startStreamer({ cpu_ms: 0.1 });
  const run = join(folder.path, "run");
  await sweep({ ...SHORT, url: target.url, levels: [2], agents: 2 }, { out: run });
  const whole = await load(run);
  assert.equal(whole.requests.height, whole.attempts.reduce((sum, { requests }) => sum + requests.length, 0));
  for (const { requests, events } of whole.attempts) {
    assert.deepEqual([...new Set(requests.map(({ session }) => session))].sort(), [0, 1]);
    assert.equal(events.filter(({ event }) => event === "generator").length, 2);
  }
  const path = join(run, "levels", "2", "r1", "a1", "events.2.jsonl");
  await Deno.writeFile(path, (await Deno.readFile(path)).fill(0, -20));
  assert.deepEqual(
    (await load(run)).warnings.filter((text) => /events/.test(text)),
    ["levels/2/r1/a1 has a events.2.jsonl that is not what was sealed: its rows are not used"],
  );
  const { code, end } = await startPlimsoll(["resume", run]).ended();
  assert.equal(code, 0);
  assert.equal(end!.state, "complete");
  assert.deepEqual((await load(run)).attempts.map(({ path }) => path), ["levels/2/r0/a1", "levels/2/r1/a2"]);
});
