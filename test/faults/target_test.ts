import assert from "node:assert/strict";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import {
  assertWhole,
  freePort,
  helloCommand,
  lines,
  manifestOf,
  processWith,
  SHORT,
  startPlimsoll,
  until,
  writePlan,
} from "./under_fault.ts";

const FIRST = ["levels", "1", "r0", "a1", "requests.jsonl"];

Deno.test("a target started by command that dies in mid-level costs that attempt; the next one has a new target", async () => {
  await using folder = await tempFolder();
  const run = join(folder.path, "run");
  const port = freePort();
  const plan = await writePlan(folder.path, {
    ...SHORT,
    levels: [1],
    url: `http://127.0.0.1:${port}/`,
    target_command: helloCommand(port),
  });
  const sweep = startPlimsoll(["sweep", plan, "--out", run]);
  await until(() => lines(join(run, ...FIRST)).length > 3);
  Deno.kill(await processWith(sweep, "deno eval Deno.serve"), "SIGKILL");
  const { code, end } = await sweep.ended();
  assert.equal(code, 0);
  assert.deepEqual(end!.attempts, { complete: 1, failing: 0, planned: 1 });
  assert(assertWhole(join(run, ...FIRST)) > 3);
  assert.deepEqual(
    manifestOf(run).flatMap((line) => line.event === "attempt_failed" ? [[line.path, line.reason]] : []),
    [["levels/1/r0/a1", "the target ended while it was measured"]],
  );
  const { attempts } = await load(run);
  for (const { requests } of attempts) assert(requests.every(({ outcome }) => outcome === "ok"));
});

Deno.test("a target named by port that dies in mid-level: the level is failing, the sweep ends in order and can be resumed", async () => {
  await using folder = await tempFolder();
  const run = join(folder.path, "run");
  const port = freePort();
  const [program, ...args] = helloCommand(port);
  const start = async () => {
    const child = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
    await until(() => accepts(port));
    return child;
  };
  const target = await start();
  const plan = await writePlan(folder.path, {
    ...SHORT,
    url: `http://127.0.0.1:${port}/`,
    target_port: port,
    levels: [1],
  });
  const sweep = startPlimsoll(["sweep", plan, "--out", run]);
  await until(() => lines(join(run, ...FIRST)).length > 3);
  target.kill("SIGKILL");
  await target.status;
  const first = await sweep.ended();
  assert.equal(first.code, 1);
  assert.equal(first.end!.state, "partial");
  assert.deepEqual(first.end!.attempts, { complete: 0, failing: 0, planned: 1 });
  assert.match(first.end!.reason!, /no complete attempt of .*--target-port/);
  const discarded = manifestOf(run).find((line) => line.event === "attempt_complete" && line.replicate === 0);
  assert.deepEqual(
    discarded?.event === "attempt_complete" && [discarded.state, discarded.reason],
    ["failing", "the target ended while it was measured"],
  );

  const again = await start();
  try {
    const second = await startPlimsoll(["resume", run]).ended();
    assert.equal(second.code, 0, second.stderr);
    const { levels } = summarise(await load(run));
    assert.deepEqual(levels.map(({ level, attempt }) => [level, attempt]), [[1, 4]]);
    for (const { metrics } of levels) assert.equal(metrics.error_ratio, 0);
  } finally {
    again.kill("SIGKILL");
    await again.status;
  }
});

Deno.test("a target that accepts and never answers: every request times out, every level is failing, the sweep ends", async () => {
  await using folder = await tempFolder();
  const run = join(folder.path, "run");
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted: Deno.Conn[] = [];
  (async () => {
    for await (const connection of listener) accepted.push(connection);
  })().catch(() => {});
  try {
    const { port } = listener.addr as Deno.NetAddr;
    const plan = await writePlan(folder.path, {
      ...SHORT,
      levels: [2],
      url: `http://127.0.0.1:${port}/`,
      timeout_ms: 300,
    });
    const { code, end } = await startPlimsoll(["sweep", plan, "--out", run]).ended();
    assert.equal(code, 0);
    assert.deepEqual(end!.attempts, { complete: 1, failing: 1, planned: 1 });
    const { attempts } = await load(run);
    assert.equal(attempts.length, 2);
    for (const { requests, seal } of attempts) {
      assert(requests.length > 0);
      // What the end of the window interrupts has had no time to time out.
      for (const { outcome, started_ms } of requests) {
        assert.equal(outcome, started_ms + 300 < seal.window.to_ms ? "timeout" : outcome);
        assert(outcome === "timeout" || outcome === "aborted", outcome);
      }
    }
  } finally {
    listener.close();
    for (const connection of accepted) connection.close();
  }
});

function accepts(port: number): boolean {
  return new Deno.Command("sh", {
    args: ["-c", `grep -qi ":$(printf %04X ${port}) 00000000:0000 0A" /proc/net/tcp`],
  }).outputSync().success;
}
