/** What a sweep and its workers say where something is not as it has to be, and when. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openFleet } from "../../src/cluster/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { resume, sweep } from "../../src/run/mod.ts";
import { runPlimsoll } from "../cli/run_plimsoll.ts";
import {
  freePort,
  helloCommand,
  manifestOf,
  rememberingTarget,
  SHORT,
  startMarked,
  startPlimsoll,
  until,
  writePlan,
} from "../faults/under_fault.ts";
import { tempFolder } from "../temp_folder.ts";
import { startHub, startWorker, withRedis } from "./start_hub.ts";

const envOf = (env: Record<string, string>) => ["env", ...Object.entries(env).map((pair) => pair.join("="))];

Deno.test({
  name: "a plan that workers cannot drive is refused before its run begins, and all of them are named",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using target = rememberingTarget();
    await using hub = await startHub();
    const without = [await startWorker(hub, "w1"), await startWorker(hub, "w2")];
    hub.env.TOKEN = "swordfish";
    const consent = { args: ["--i-may-load-test=staging.example:443"] };
    const workers = [...without, await startWorker(hub, "w3", consent), await startWorker(hub, "w4")];
    const requests = [{ name: "get", method: "GET" as const, path: "/", headers: { cookie: "{env.TOKEN}" } }];
    const plan = await writePlan(folder.path, { ...SHORT, url: target.url, requests });
    const out = join(folder.path, "run");
    const start = () => startPlimsoll(["sweep", plan, ...hub.flags, "--workers", "4", "--out", out], envOf(hub.env));
    const { code, stderr } = await start().ended();
    assert.equal(code, 2, stderr);
    assert.match(stderr, /worker w1: [^;]*TOKEN.*worker w2: [^;]*TOKEN/);
    const both = `--i-may-load-test=staging.example:443,127.0.0.1:${target.port}`;
    assert(stderr.includes("worker w3: ") && stderr.includes(`restart it with ${both}`), stderr);
    assert(!stderr.includes("worker w4: "), stderr);
    assert(!existsSync(out));
    assert.deepEqual(target.answered_ms, []);
    for (const worker of workers) {
      worker.kill("SIGTERM");
      const { code, end } = await worker.ended();
      assert.equal(code, 0, worker.said());
      assert.deepEqual((end as unknown as { shares: object }).shares, { complete: 0, failed: 0, refused: 0 });
    }
    assert.match(without[0].said(), /refuses a sweep: .*TOKEN/);
  },
});

Deno.test({
  name: "a target that is started for each attempt is not asked for when workers are",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using hub = await startHub();
    const worker = await startWorker(hub, "w1");
    await using fleet = await openFleet(hub.options);
    const port = freePort();
    const plan = { ...SHORT, url: `http://127.0.0.1:${port}/`, levels: [2], target_command: helloCommand(port) };
    const end = await sweep(plan, { out: join(folder.path, "run"), fleet });
    assert.equal(end.state, "complete", end.reason);
    worker.kill("SIGTERM");
    assert.equal((await worker.ended()).code, 0);
  },
});

Deno.test({
  name: "one that joins a sweep that runs and cannot drive it is left out of it",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using target = await startStreamer();
    await using hub = await startHub();
    const notes: string[] = [];
    await using fleet = await openFleet({ ...hub.options, onNote: (note) => notes.push(note) });
    const workers = [await startWorker(hub, "w1")];
    const out = join(folder.path, "run");
    const running = sweep({ ...SHORT, url: target.url, levels: [2, 3] }, { out, fleet });
    await until(() => manifestOf(out).some(({ event }) => event === "attempt_started"));
    workers.push(await startWorker(hub, "w2", { args: ["--i-may-load-test=staging.example:443"] }));
    const end = await running;
    assert.equal(end.state, "complete", end.reason);
    const leftOut = notes.filter((note) => note.startsWith("Left out: worker w2: "));
    assert.equal(leftOut.length, 1, notes.join("\n"));
    assert.deepEqual(fleet.machines().map(({ worker }) => worker), ["w1"]);
    for (const worker of workers) {
      worker.kill("SIGTERM");
      assert.equal((await worker.ended()).code, 0);
    }
  },
});

Deno.test({
  name: "a hub that stays away ends the sweep as one that can be gone on with, and says so meanwhile",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using target = await startStreamer();
    await using hub = await startHub();
    const worker = await startWorker(hub, "w1");
    const notes: string[] = [];
    const options = { ...hub.options, hub_wait_ms: 13_000, onNote: (note: string) => notes.push(note) };
    const out = join(folder.path, "run");
    const plan = { ...SHORT, url: target.url, levels: [1, 2, 3], duration_ms: 3000 };
    {
      await using fleet = await openFleet(options);
      const running = sweep(plan, { out, fleet });
      await until(() => worker.said().includes("drives 1 of 1 sessions") || worker.said().includes("drives 2 of 2"));
      await until(() => worker.processes().some(({ command }) => command.includes("http_agent")));
      Deno.kill(hub.pid(), "SIGKILL");
      const end = await running;
      assert.equal(end.state, "partial", end.reason);
      assert.match(end.reason!, /the hub was not reached for 1\d s/);
    }
    // The one that ran when it went, and no level after it.
    assert.equal(manifestOf(out).filter(({ event }) => event === "attempt_failed").length, 1);
    assert.equal(notes.filter((note) => /hub is not reached since .*; waiting/.test(note)).length, 1, notes.join("\n"));
    assert(worker.said().includes("the hub was not reached for 2.5 s: it drives nothing any more"), worker.said());
    await hub.restart();
    await using fleet = await openFleet(options);
    assert.equal((await resume(out, { fleet })).state, "complete");
    worker.kill("SIGTERM");
    assert.equal((await worker.ended()).code, 0);
  },
});

Deno.test({
  name: "whom a sweep waits for is said while it waits, and then who is there and who is of another version",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using target = await startStreamer();
    await using hub = await startHub();
    const worker = await startWorker(hub, "w1", { capacity: 10 });
    await using redis = await hub.connect();
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const out = join(folder.path, "run");
    const run = async (levels: number[], fleetOptions: object, signal?: AbortSignal) => {
      notes.length = 0;
      await using fleet = await openFleet({ ...hub.options, wait_ms: 3000, ...fleetOptions, onNote });
      return await sweep({ ...SHORT, url: target.url, levels }, { out, fleet, signal });
    };
    await assert.rejects(run([2], { workers: 2 }), /--workers.*1 came within 3 s \(w1 10\)/);
    assert.match(notes.join("\n"), /Waiting for workers: 1 of 2 \(w1 10\); \d s left/);
    await assert.rejects(run([20], {}), /--levels/);
    assert.match(notes.join("\n"), /1 of 1 \(w1 10\), which carry 10 of 20 sessions; \d s left/);
    assert(!existsSync(out));
    // As a worker of another version has it at the hub.
    const card = JSON.parse((await redis.get("plimsoll:main:worker:w1"))!);
    const other = { ...card, worker: "w2", git_revision: "f".repeat(40) };
    await redis.set("plimsoll:main:worker:w2", JSON.stringify(other));
    await redis.sadd("plimsoll:main:workers", `w2.${card.instance}`);
    const stop = new AbortController();
    const running = run([2], { workers: 2 }, stop.signal);
    await until(() => notes.some((note) => note.includes("w2 runs")), () => notes.join("\n"));
    stop.abort();
    assert.equal((await running).state, "stopped");
    assert(notes.includes("2 workers: w1 10, w2 10 sessions"), notes.join("\n"));
    assert.equal(notes.filter((note) => /^w\d runs plimsoll .*fffffffff.*this sweep/.test(note)).length, 1);
    worker.kill("SIGTERM");
    await worker.ended();
  },
});

Deno.test({
  name: "a sweep without load names each worker's sessions, and one that is stopped how to go on, as it runs",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using target = rememberingTarget();
    await using hub = await startHub();
    const workers = [await startWorker(hub, "w1", { capacity: 3 }), await startWorker(hub, "w2", { capacity: 6 })];
    const plan = await writePlan(folder.path, { ...SHORT, url: target.url, levels: [1, 3], duration_ms: 3000 });
    const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    const command = (args: string[]) =>
      startMarked([Deno.execPath(), "run", "-A", `--config=${config}`, main, ...args], hub.env);
    const out = join(folder.path, "run");
    const args = ["sweep", plan, ...hub.flags, "--workers", "2", "--out", out];
    const dry = await command([...args, "--dry-run"]).output();
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /w1 takes up to 3, w2 takes up to 6[^]*1 sessions: w1 0, w2 1[^]*3 sessions: w1 1, w2 2/);
    hub.env.PLIMSOLL_HUB_PASSWORD = "guessed";
    assert.equal((await command([...args, "--dry-run"]).output()).code, 2);
    hub.env.PLIMSOLL_HUB_PASSWORD = "of-the-fleet";
    assert(!existsSync(out));

    const running = command(args);
    await until(() => manifestOf(out).some((line) => line.event === "attempt_started"));
    running.kill("SIGINT");
    const { code, stdout, stderr } = await running.output();
    assert.equal(code, 130, stderr);
    assert.match(stderr, /1 session is too few for all workers: w1 gets none/);
    assert(!stdout.includes("report"), stdout);
    const bare = await command(["resume", out]).output();
    const [, goOn] = /^Go on: deno task plimsoll (.*)$/m.exec(stdout)!;
    const resumed = await command(goOn.split(" ")).output();
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.match(goOn, /--workers=2/);
    assert.match(resumed.stdout, /^Next: .* report /m);
    assert.equal(bare.code, 0, "nothing of it was complete: anybody may drive it");
    for (const worker of workers) {
      worker.kill("SIGTERM");
      await worker.ended();
    }
  },
});

Deno.test("a worker's own flags are checked when it starts, and nothing is left of one that is refused", async () => {
  await using folder = await tempFolder();
  const cases: [string[], string, RegExp][] = [
    [["--i-may-load-test", "staging.example"], "--i-may-load-test", /host and port/],
    [[], "--hub", /answers/],
  ];
  Deno.env.set("TMPDIR", folder.path);
  try {
    for (const [args, field, remedy] of cases) {
      const hub = ["--hub", `redis://127.0.0.1:${freePort()}`, "--capacity", "1"];
      const { code, stdout } = await runPlimsoll(["worker", ...hub, ...args, "--json"]);
      assert.equal(code, 2, stdout);
      const { error } = JSON.parse(stdout);
      assert.equal(error.field, field);
      assert.match(error.remedy, remedy);
    }
    assert.deepEqual(readdirSync(folder.path), []);
  } finally {
    Deno.env.delete("TMPDIR");
  }
});

Deno.test({
  name: "a worker whose spool or address cannot be used is refused at once, and its name is free",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using hub = await startHub();
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    const cases: [string[], string][] = [
      [["--spool", "/proc/nowhere"], "--spool"],
      [["--serve-artifacts", `127.0.0.1:${port}`], "--serve-artifacts"],
      [["--serve-artifacts", "127.0.0.1:99999"], "--serve-artifacts"],
    ];
    for (const [args, field] of cases) {
      const command = ["worker", ...hub.flags, "--capacity", "1", "--name", "w1", ...args];
      const { code, stderr } = await startPlimsoll(command, envOf({ ...hub.env, TMPDIR: folder.path })).ended();
      assert.equal(code, 2, stderr);
      assert(stderr.includes(`Cannot use ${field}:`), stderr);
    }
    assert.deepEqual(readdirSync(folder.path), []);
    await using redis = await hub.connect();
    assert.deepEqual(await redis.keys("plimsoll:main:worker*"), []);
  },
});
