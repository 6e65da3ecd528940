/** What breaks while workers drive a sweep: for real, each alone, and what is left of it counted. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { load } from "../../src/dataset/mod.ts";
import type { ManifestLine } from "../../src/schema/run.ts";
import { tempFolder } from "../temp_folder.ts";
import { canMount, works } from "../has_program.ts";
import { type RunningHub, type RunningWorker, startHub, startWorker, withRedis } from "../cluster/start_hub.ts";
import {
  assertWhole,
  lines,
  manifestOf,
  processWith,
  rememberingTarget,
  type Running,
  SHORT,
  startPlimsoll,
  until,
  writePlan,
} from "./under_fault.ts";

/** Long enough to break something in its middle. */
const LONG = { ...SHORT, levels: [4, 8], duration_ms: 4000 };

interface Scene {
  out: string;
  hub: RunningHub;
  target: ReturnType<typeof rememberingTarget>;
  w1: RunningWorker;
  w2: RunningWorker;
  start(args?: string[]): Running;
  resume(): Running;
}

/** A hub with two workers, a target and a plan; `body` starts a sweep, breaks something, and looks. */
async function withScene(body: (scene: Scene) => Promise<void>, settings: Parameters<typeof startHub>[0] = {}) {
  await using folder = await tempFolder();
  await using target = rememberingTarget();
  await using hub = await startHub(settings);
  const out = join(folder.path, "run");
  const plan = await writePlan(folder.path, { ...LONG, url: target.url });
  const start = (args: string[]) =>
    startPlimsoll(args, ["env", ...Object.entries(hub.env).map((pair) => pair.join("="))]);
  await body({
    ...{ out, hub, target, w1: await startWorker(hub, "w1"), w2: await startWorker(hub, "w2") },
    start: (args = []) => start(["sweep", plan, ...hub.flags, "--out", out, ...args]),
    resume: () => start(["resume", out, ...hub.flags, "--workers", "2"]),
  });
}

/** Waits until a level that counts is under load, and returns its attempt. */
async function underLoad(
  out: string,
  target: Scene["target"],
): Promise<Extract<ManifestLine, { event: "attempt_started" }>> {
  const started = () => manifestOf(out).findLast((line) => line.event === "attempt_started");
  await until(() => started() !== undefined && !(started() as { discarded?: boolean }).discarded);
  const before = target.answered_ms.length;
  await until(() => target.answered_ms.length > before + 20);
  return started() as Extract<ManifestLine, { event: "attempt_started" }>;
}

async function assertUnloaded(target: Scene["target"]): Promise<void> {
  const before = target.answered_ms.length;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.equal(target.answered_ms.length, before, "somebody still loads the target");
}

/** Every attempt that was accepted has the rows that were sealed, of all its sessions. */
async function assertAccepted(out: string, count: number): Promise<void> {
  const dataset = await load(out);
  const counted = dataset.attempts.filter(({ discarded }) => !discarded);
  assert.equal(counted.length, count);
  for (const { seal, requests, path } of dataset.attempts) {
    assert.equal(new Set(requests.map(({ session }) => session)).size, seal.level, path);
    for (const [name, { rows }] of Object.entries(seal.files)) assert.equal(assertWhole(join(out, path, name)), rows);
  }
}

const failures = (out: string) => manifestOf(out).filter((line) => line.event === "attempt_failed");

async function endAll(...workers: RunningWorker[]) {
  const ends = [];
  for (const worker of workers) {
    worker.kill("SIGTERM");
    ends.push((await worker.ended()).end as unknown as { shares: Record<string, number> });
  }
  return ends.map(({ shares }) => shares);
}

Deno.test({
  name: "a worker that is killed costs its attempt: the other stops, a new one joins, and the attempt is repeated",
  ...withRedis,
  fn: () =>
    withScene(async ({ out, hub, target, start, w1, w2 }) => {
      const sweep = start(["--workers", "2"]);
      const broken = await underLoad(out, target);
      w2.kill("SIGKILL");
      await until(() => failures(out).length === 1);
      const w3 = await startWorker(hub, "w3");
      const { code, end } = await sweep.ended();
      assert.equal(code, 0, end?.reason);
      const [failed] = failures(out);
      assert(failed.event === "attempt_failed" && /worker w2: it was lost/.test(failed.reason), JSON.stringify(failed));
      assert.deepEqual([failed.level, failed.attempt], [broken.level, 1]);
      const again = manifestOf(out).filter((line) => line.event === "attempt_complete" && line.level === broken.level);
      assert(again.some((line) => line.event === "attempt_complete" && line.attempt === 2));
      await assertAccepted(out, 2);
      const provenance = JSON.parse(Deno.readTextFileSync(join(out, "provenance.json")));
      assert.deepEqual(provenance.shares.map(({ worker }: { worker: string }) => worker), ["w1", "w2", "w3"]);
      await w2.ended();
      const [first, third] = await endAll(w1, w3);
      // Its share of the broken attempt was abandoned, or whole by then: that made no difference.
      assert.equal(first.complete + first.failed, 4);
      assert(third.complete >= 1);
    }),
});

Deno.test({
  name: "a worker that stands still stops its load by itself, and what it says later is refused",
  ...withRedis,
  fn: () =>
    withScene(async ({ out, target, start, w1, w2 }) => {
      const sweep = start();
      await underLoad(out, target);
      const agent = await processWith(w2, "http_agent.ts");
      const stopped_ms = performance.now();
      // The worker alone: its agents go on, and nobody can tell them anything.
      const worker = await processWith(w2, "worker");
      Deno.kill(worker, "SIGSTOP");
      await until(() => !w2.processes().some(({ pid }) => pid === agent));
      const went_on_ms = performance.now() - stopped_ms;
      assert(went_on_ms >= 1500, `its agent ended after ${went_on_ms} ms, before its time`);
      await until(() => failures(out).length === 1);
      const [failed] = failures(out);
      assert(failed.event === "attempt_failed" && /worker w2: /.test(failed.reason), JSON.stringify(failed));
      const { code, end } = await sweep.ended();
      assert.equal(code, 0, end?.reason);
      await assertAccepted(out, 2);
      Deno.kill(worker, "SIGCONT");
      await until(() =>
        /refused, it came too late|it heard nothing|was not reached|not there any more/.test(w2.said())
      );
      const [, second] = await endAll(w1, w2);
      assert.equal(second.refused, 1, w2.said());
    }),
});

Deno.test({
  name: "a coordinator that is killed leaves workers without load, and resume goes on with them",
  ...withRedis,
  fn: () =>
    withScene(async ({ out, hub, target, start, resume, w1, w2 }) => {
      const sweep = start(["--workers", "2"]);
      const broken = await underLoad(out, target);
      // Who is killed removes nothing: it has to go by itself.
      await using redis = await hub.connect();
      const left = (await redis.keys("plimsoll:main:*")).filter((key) => /:(up|down):/.test(key));
      let lasting = left;
      for (let tries = 0; lasting.length > 0 && tries < 50; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        const ttls = await Promise.all(left.map((key) => redis.pttl(key)));
        lasting = left.filter((_, index) => ttls[index] === -1);
      }
      assert(left.length > 0 && lasting.length === 0, `for ever: ${lasting}`);
      sweep.kill("SIGKILL");
      await sweep.ended();
      await until(() => w1.said().includes("not there any more") && w2.said().includes("not there any more"));
      await assertUnloaded(target);
      const { code, end } = await resume().ended();
      assert.equal(code, 0, end?.reason);
      assert.deepEqual(end!.attempts, { complete: 2, failing: 0, planned: 2 });
      const open = join(out, broken.path);
      assert(!lines(join(open, "COMPLETE.json")).length, "an attempt that was broken off is complete");
      await assertAccepted(out, 2);
      for (const shares of await endAll(w1, w2)) assert.equal(shares.failed, 1);
    }),
});

Deno.test({
  name: "a sweep that is stopped lets its workers drain, and resume goes on with them",
  ...withRedis,
  fn: () =>
    withScene(async ({ out, target, start, resume, w1, w2 }) => {
      const sweep = start(["--workers", "2"]);
      await underLoad(out, target);
      sweep.kill("SIGINT");
      const stopped = await sweep.ended();
      assert.equal(stopped.code, 130, stopped.stderr);
      assert.equal(stopped.end!.state, "stopped");
      assert.deepEqual(failures(out).map((line) => line.event === "attempt_failed" && line.stopped), [true]);
      await assertUnloaded(target);
      const { code, end } = await resume().ended();
      assert.equal(code, 0, end?.reason);
      await assertAccepted(out, 2);
      for (const shares of await endAll(w1, w2)) assert.equal(shares.failed, 0);
    }),
});

Deno.test({
  name: "a hub that is killed and started anew has lost nothing that it acknowledged",
  ...withRedis,
  fn: () =>
    withScene(async ({ out, hub, target, start, w1, w2 }) => {
      const sweep = start(["--workers", "2"]);
      await underLoad(out, target);
      await using redis = await hub.connect();
      let acknowledged = 0;
      const writing = (async () => {
        for (;;) {
          await redis.xadd("of-the-test", "*", "n", `${acknowledged}`);
          acknowledged++;
        }
      })().catch(() => {});
      await until(() => acknowledged > 200);
      Deno.kill(hub.pid(), "SIGKILL");
      await writing;
      await hub.restart();
      await using again = await hub.connect();
      const stored = await again.xlen("of-the-test");
      // One may have been stored and not answered any more.
      assert(stored === acknowledged || stored === acknowledged + 1, `${stored} stored, ${acknowledged} acknowledged`);
      const { code, end } = await sweep.ended();
      assert.equal(code, 0, end?.reason);
      assert.deepEqual(end!.attempts, { complete: 2, failing: 0, planned: 2 });
      await assertAccepted(out, 2);
      await endAll(w1, w2);
    }),
});

Deno.test({
  name: "a hub whose disk is full costs the attempt and no row: with room again the sweep goes on",
  ignore: withRedis.ignore || !canMount(),
  fn: async () => {
    await using disk = await tempFolder();
    const data = join(disk.path, "hub");
    await Deno.mkdir(data);
    assert(works(`mount -t tmpfs -o size=8m tmpfs ${data}`));
    try {
      await withScene(async ({ out, hub, target, start, w1, w2 }) => {
        const sweep = start(["--workers", "2"]);
        await underLoad(out, target);
        works(`dd if=/dev/zero of=${data}/full bs=64k`);
        await until(() => !hub.runs() || failures(out).length === 1);
        await until(() => failures(out).length === 1);
        Deno.removeSync(join(data, "full"));
        if (!hub.runs()) await hub.restart();
        const { code, end } = await sweep.ended();
        assert.equal(code, 0, end?.reason);
        assert.deepEqual(end!.attempts, { complete: 2, failing: 0, planned: 2 });
        await assertAccepted(out, 2);
        await endAll(w1, w2);
      }, { folder: data });
    } finally {
      works(`umount -l ${data}`);
    }
  },
});

Deno.test({
  name: "batches that are sent twice are counted, those that nobody may send are kept aside, and no row is theirs",
  ...withRedis,
  fn: () =>
    withScene(async ({ out, hub, target, start, w1, w2 }) => {
      const sweep = start(["--workers", "2"]);
      const broken = await underLoad(out, target);
      await using redis = await hub.connect();
      const up = (await redis.keys("plimsoll:main:up:*")).find((key) => key.includes(`.${broken.level}.1.1.`))!;
      // One that it has sent, once more; two that nobody of the fleet has.
      let copied = 0;
      for (let last = "$"; copied === 0;) {
        const answer = await redis.xreadBuffer("BLOCK", 2000, "STREAMS", up, last) as [Buffer, [Buffer, Buffer[]][]][];
        for (const [id, fields] of answer?.[0][1] ?? []) {
          last = id.toString();
          if (copied > 0 || !fields[1].toString().includes('"batch"')) continue;
          await redis.xadd(up, "*", ...fields);
          copied++;
        }
      }
      const head = JSON.stringify({ type: "batch", seq: 1, file: "requests.jsonl", offset: 0 });
      await redis.xadd(up, "*", "head", head, "code", "0".repeat(64), "data", '{"seq":0,"session":0}\n');
      await redis.xadd(up, "*", "anything", "else");
      const { code, end } = await sweep.ended();
      assert.equal(code, 0, end?.reason);
      const [refused, ...others] = manifestOf(out).filter((line) => line.event === "batches_refused");
      assert.deepEqual(others, []);
      assert(refused.event === "batches_refused");
      const { duplicate, quarantined, path, reasons } = refused;
      assert.deepEqual({ duplicate, quarantined, path }, { duplicate: 1, quarantined: 2, path: broken.path });
      assert.deepEqual(reasons, ["its code is not the worker's"]);
      assert.equal(lines(join(out, path, "quarantine.jsonl")).length, 2);
      assert.equal(failures(out).length, 0);
      await assertAccepted(out, 2);
      await endAll(w1, w2);
    }),
});

Deno.test({
  name: "a worker that comes back and finds another under its name takes no job, and ends",
  ...withRedis,
  fn: () =>
    withScene(async ({ out, hub, target, start, w1, w2 }) => {
      const worker = await processWith(w2, "worker");
      Deno.kill(worker, "SIGSTOP");
      const again = await startWorker(hub, "w2-again", { args: ["--name", "w2"] });
      const sweep = start(["--workers", "2"]);
      await until(() => manifestOf(out).some(({ event }) => event === "sweep_started"));
      Deno.kill(worker, "SIGCONT");
      await until(() => w2.processes().length === 0, () => `its end: ${w2.said()}`);
      const old = await w2.ended();
      assert.equal(old.code, 1, old.stderr);
      assert.match(old.stderr, /another worker has the name w2 now/);
      await underLoad(out, target);
      const { code, end } = await sweep.ended();
      assert.equal(code, 0, end?.reason);
      assert.deepEqual(failures(out), []);
      await assertAccepted(out, 2);
      for (const shares of await endAll(w1, again)) assert.deepEqual(shares, { complete: 3, failed: 0, refused: 0 });
      await using redis = await hub.connect();
      assert.deepEqual(await redis.keys("plimsoll:*"), []);
    }),
});

Deno.test({
  name: "a worker whose name is another's in the middle of an attempt stops its load, and the attempt is repeated",
  ...withRedis,
  fn: () =>
    withScene(async ({ out, hub, target, start, w1, w2 }) => {
      const sweep = start(["--workers", "2"]);
      await underLoad(out, target);
      await using redis = await hub.connect();
      const key = "plimsoll:main:worker:w2";
      const card = JSON.parse((await redis.get(key))!);
      await redis.set(key, JSON.stringify({ ...card, instance: "another" }), "PX", 3000);
      await until(() => w2.processes().length === 0, () => `its end: ${w2.said()}`);
      const old = await w2.ended();
      assert.equal(old.code, 1, old.stderr);
      await until(() => failures(out).length === 1);
      const [failed] = failures(out);
      assert(failed.event === "attempt_failed" && /worker w2: .*another/.test(failed.reason), JSON.stringify(failed));
      const again = await startWorker(hub, "w2-again", { args: ["--name", "w2"] });
      const { code, end } = await sweep.ended();
      assert.equal(code, 0, end?.reason);
      await assertAccepted(out, 2);
      // It is the same machine under the same name: the run knows one.
      const provenance = JSON.parse(Deno.readTextFileSync(join(out, "provenance.json")));
      assert.deepEqual(provenance.shares.map(({ worker }: { worker: string }) => worker), ["w1", "w2"]);
      assert(!("instance" in provenance.shares[0]));
      await endAll(w1, again);
    }),
});

/** Stands between a worker and its machine's clock, which is not ours to set. */
const faketime = ["x86_64", "aarch64"].map((arch) => `/usr/lib/${arch}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));

Deno.test({
  name: "a worker whose clock is set back before it is told the start begins with the others",
  ignore: withRedis.ignore || faketime === undefined,
  fn: async () => {
    await using folder = await tempFolder();
    /** When sessions were heard of, by number. */
    const heard = new Map<string, number[]>();
    await using target = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const session = request.headers.get("user-agent")!;
      heard.set(session, [...heard.get(session) ?? [], performance.now()]);
      return new Response("hello");
    });
    await using hub = await startHub();
    const step = join(folder.path, "step");
    await Deno.writeTextFile(step, "+0s");
    const faked = [`LD_PRELOAD=${faketime}`, `FAKETIME_TIMESTAMP_FILE=${step}`, "FAKETIME_NO_CACHE=1"];
    const w1 = await startWorker(hub, "w1", { before: ["env", ...faked, "FAKETIME_DONT_FAKE_MONOTONIC=1"] });
    const w2 = await startWorker(hub, "w2");
    const out = join(folder.path, "run");
    const requests = [{ name: "get", method: "GET" as const, path: "/", headers: { "user-agent": "{session}" } }];
    const url = `http://127.0.0.1:${target.addr.port}/`;
    const plan = await writePlan(folder.path, { ...SHORT, levels: [2], duration_ms: 3000, requests, url });
    const env = Object.entries(hub.env).map((pair) => pair.join("="));
    const sweep = startPlimsoll(["sweep", plan, ...hub.flags, "--out", out, "--workers", "2"], ["env", ...env]);
    const worker = await processWith(w2, "worker");
    await until(() => manifestOf(out).some(({ event }) => event === "attempt_started"));
    // Nobody is told the start before the other is ready, too.
    Deno.kill(worker, "SIGSTOP");
    await processWith(w1, "http_agent.ts");
    await Deno.writeTextFile(step, "-1.5s");
    Deno.kill(worker, "SIGCONT");
    await until(() => manifestOf(out).some(({ event }) => /attempt_(complete|failed)/.test(event)));
    const [first, second] = ["0", "1"].map((session) => heard.get(session) ?? []);
    // A request every 100 ms.
    assert(first[0] < second[10] && second[0] < first[10], `they began at ${first[0]} and ${second[0]} ms`);
    const { code, stderr } = await sweep.ended();
    assert.equal(code, 0, stderr);
    assert.deepEqual(failures(out), []);
    await endAll(w1, w2);
  },
});
