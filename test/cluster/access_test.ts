/** Who may not come in can neither read nor write; who may, can do nothing but what a fleet needs. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { queueOf, type WorkerCard } from "../../src/cluster/messages.ts";
import { type HubOptions, openFleet, runWorker } from "../../src/cluster/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { makePlan } from "../../src/plan/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { runPlimsoll } from "../cli/run_plimsoll.ts";
import { SHORT, until } from "../faults/under_fault.ts";
import { accessOf, startHub, startWorker, withRedis } from "./start_hub.ts";

Deno.test({
  name: "without the password, the certificate or the right to the keys nobody reads or writes at the hub",
  ...withRedis,
  fn: async () => {
    await using hub = await startHub({ tls: true });
    await using redis = await hub.connect();
    for (const user of [accessOf("another", "of-another", "another"), "user nobody on >of-nobody -@all"]) {
      await redis.call("ACL", "SETUSER", ...user.split(" ").slice(1));
    }
    await redis.set("plimsoll:main:of-the-test", "a row");
    const { options } = hub;
    using relay = startRelay(hub.port);
    const cases: [string, HubOptions, RegExp][] = [
      ["no password", { ...options, password: undefined, user: undefined }, /PLIMSOLL_HUB_PASSWORD.*none is set/],
      ["a wrong password", { ...options, password: "guessed" }, /PLIMSOLL_HUB_PASSWORD/],
      ["a user that there is not", { ...options, user: "guessed" }, /PLIMSOLL_HUB_PASSWORD/],
      ["an authority that is not ours", { ...options, ca: undefined }, /--hub-ca/],
      ["no certificate of its own", { ...options, cert: undefined, key: undefined }, /--hub-c/],
      ["no TLS", { ...options, url: options.url.replace("rediss", "redis") }, /rediss:\/\/127.0.0.1.*TLS/],
      ["another's key", { ...options, key: readFileSync(join(hub.folder, "..", "server.key"), "utf8") }, /--hub-cert/],
      ["a name that its certificate has not", { ...options, url: relay.url }, /certificate has.*list: 127\.0\.0\.1/],
      ["the user of another fleet", { ...options, user: "another", password: "of-another" }, /fleet's keys/],
      ["a user without rights", { ...options, user: "nobody", password: "of-nobody" }, /fleet's keys/],
    ];
    const keysBefore = await redis.keys("*");
    for (const [who, tried, remedy] of cases) {
      await assert.rejects(
        openFleet(tried).then((fleet) => fleet[Symbol.asyncDispose]()),
        (error: Error) =>
          error.name === "InputError" && remedy.test(error.message) && !/of-|guessed"/.test(error.message),
        who,
      );
      const asWorker = { ...tried, capacity: 1, spool: "/nonexistent", signal: AbortSignal.timeout(3000) };
      await assert.rejects(runWorker(asWorker), { name: "InputError" }, `${who}, as a worker`);
      assert.deepEqual(await redis.keys("*"), keysBefore, who);
    }
    await using fleet = await openFleet(options);
    assert(fleet);
  },
});

Deno.test({
  name: "the fleet's user can use the fleet's keys, and nothing else of the server",
  ...withRedis,
  fn: async () => {
    await using hub = await startHub();
    await using admin = await hub.connect();
    await admin.set("another", "secret");
    const { Redis } = await import("ioredis");
    const redis = new Redis({ port: hub.port, username: "fleet", password: "of-the-fleet", protocol: 2 });
    try {
      const allowed = [["SET", "plimsoll:main:x", "1"], ["GET", "plimsoll:main:x"], ["TIME"], ["INFO"]];
      for (const [name, ...args] of allowed) await redis.call(name, ...args);
      const refused = [
        ["GET", "another"],
        ["SET", "another", "1"],
        ["GET", "plimsoll:other:x"],
        ["XREAD", "STREAMS", "plimsoll:other:up:1", "0"],
        ["EVAL", 'return redis.call("GET", "another")', "0"],
        ["KEYS", "*"],
        ["CONFIG", "GET", "requirepass"],
        ["ACL", "LIST"],
        ["FLUSHALL"],
        ["SHUTDOWN"],
        ["DEBUG", "SLEEP", "0"],
        ["MONITOR"],
        ["PUBLISH", "anywhere", "x"],
        ["CLIENT", "LIST"],
        ["REPLICAOF", "127.0.0.1", "1"],
      ];
      for (const [name, ...args] of refused) {
        await assert.rejects(
          redis.call(name, ...args),
          /NOPERM|No permission|can't access|not allowed|ACL/i,
          `${name} ${args}`,
        );
      }
      assert.equal(await admin.get("another"), "secret");
    } finally {
      redis.disconnect();
    }
  },
});

Deno.test({
  name: "a worker runs no program that a job names, takes no more than its capacity, and has a name of its own",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using hub = await startHub();
    const worker = await startWorker(hub, "w1", { capacity: 2 });
    await using redis = await hub.connect();
    await redis.set("plimsoll:main:lease", "of-the-test");
    const { Queue, QueueEvents } = await import("bullmq");
    const at = { connection: redis, prefix: "plimsoll:main:bull" };
    const name = queueOf(JSON.parse((await redis.get("plimsoll:main:worker:w1"))!) as WorkerCard);
    const queue = new Queue(name, at);
    const events = new QueueEvents(name, at);
    const trace = join(folder.path, "trace");
    const script = join(folder.path, "program");
    await Deno.writeTextFile(script, `#!/bin/sh\ntouch ${trace}\n`, { mode: 0o755 });
    await using target = await startStreamer();
    const plan = makePlan({ url: target.url, levels: [3] });
    const inBrowsers = makePlan({ url: target.url, levels: [3], mode: "playwright" });
    const jobs: [string, object, RegExp][] = [
      ["a load generator", { plan: { ...plan, mode: "command", command: [script] } }, /no load generator/],
      ["more than it carries", { plan }, /more than its capacity/],
      ["somebody else's job", { plan, lease: "another" }, /coordinator is not there/],
      ["a folder elsewhere", { plan, run: "../../.." }, /no share of a sweep/],
      ["a level that is a path", { plan, level: "../../x" }, /no share of a sweep/],
      ["another share than its name says", { plan, index: 1, capacities: [9, 9] }, /no share of a sweep/],
      ["users that may be any", { plan: { ...plan, http_scenario: { users: script } } }, /not its hash: users/],
      ["a module that may be any", { plan: { ...plan, http_scenario: { module: script } } }, /not its hash: module/],
      [
        "authorities that may be any",
        { plan: { ...plan, url: "https://127.0.0.1:1/", http_scenario: { ca: script } } },
        /not its hash: ca/,
      ],
      [
        "a module for its browser that may be any",
        { plan: { ...inBrowsers, browser_scenario: { ...inBrowsers.browser_scenario, module: script } } },
        /not its hash: module/,
      ],
      [
        "a login that may be any",
        { plan: { ...inBrowsers, browser_scenario: { ...inBrowsers.browser_scenario, storage_state: script } } },
        /not its hash: storage_state/,
      ],
    ];
    const rest = { secret: "x", run: "0".repeat(8), level: 3, replicate: 1, attempt: 1, share: 1, index: 0 };
    try {
      for (const [index, [what, job, reason]] of jobs.entries()) {
        const data = { lease: "of-the-test", ...rest, attempt: index, capacities: [9], groups: [], ...job };
        const { id } = await queue.add("share", data, { attempts: 1, jobId: `${rest.run}.3.1.${index}.1` });
        const found = async () => (await queue.getJob(id!))?.failedReason ?? "";
        for (let tries = 0; await found() === "" && tries < 200; tries++) {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        assert.match(await found(), reason, what);
      }
      assert(!existsSync(trace));
      // And a browser that a plan names is not what is started.
      const browsers = { ...plan, mode: "playwright", levels: [1], browser: script };
      await queue.add(
        "share",
        { lease: "of-the-test", ...rest, level: 1, capacities: [9], groups: [], plan: browsers },
        {
          jobId: `${rest.run}.1.1.1.1`,
        },
      );
      await until(() => worker.processes().some(({ command }) => command.includes("browser_agent")));
      await until(() => worker.processes().some(({ command }) => /chrom/i.test(command.split(" ")[0])));
      assert(!existsSync(trace));
    } finally {
      await events.close();
    }
    await assert.rejects(
      runWorker({ ...hub.options, capacity: 1, name: "w1", spool: folder.path }),
      { name: "InputError", field: "--name" },
    );
    worker.kill("SIGTERM");
    assert.equal((await worker.ended()).code, 0, worker.said());
    assert.deepEqual(await redis.keys("plimsoll:main:worker*"), []);
  },
});

Deno.test({
  name: "a sweep over TLS leaves no password and no secret of a session in its run, at the hub, or in a command line",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using target = await startStreamer();
    await using hub = await startHub({ tls: true });
    hub.env.TOKEN = "swordfish-of-the-session";
    Deno.env.set("TOKEN", hub.env.TOKEN);
    const worker = await startWorker(hub, "w1");
    const out = join(folder.path, "run");
    await using fleet = await openFleet(hub.options);
    const requests = [{
      name: "get",
      method: "GET" as const,
      path: "/",
      headers: { authorization: "Bearer {env.TOKEN}", cookie: "of={user.card}" },
    }];
    const users = join(folder.path, "users.csv");
    await Deno.writeTextFile(users, "card\nswordfish-of-a-user\n");
    const end = await sweep({ ...SHORT, url: target.url, requests, http_scenario: { users } }, { out, fleet });
    Deno.env.delete("TOKEN");
    assert.equal(end.state, "complete", end.reason);
    const secrets = /of-the-fleet|swordfish-of/;
    for (const path of filesIn(out)) assert(!secrets.test(readFileSync(path, "latin1")), path);
    // Redis wrote all that ever went through it.
    for (const path of filesIn(hub.folder)) assert(!secrets.test(readFileSync(path, "latin1")), path);
    assert(worker.processes().length > 0);
    for (const { command } of worker.processes()) assert(!secrets.test(command), command);
    assert(!secrets.test(worker.said()), worker.said());
    worker.kill("SIGTERM");
    assert.equal((await worker.ended()).code, 0);
  },
});

/** Another address of the same server. */
function startRelay(port: number) {
  const listener = Deno.listen({ hostname: "127.0.0.2", port: 0 });
  (async () => {
    for await (const from of listener) {
      const to = await Deno.connect({ hostname: "127.0.0.1", port });
      from.readable.pipeTo(to.writable).catch(() => {});
      to.readable.pipeTo(from.writable).catch(() => {});
    }
  })().catch(() => {});
  const url = `rediss://127.0.0.2:${(listener.addr as Deno.NetAddr).port}`;
  return { url, [Symbol.dispose]: () => listener.close() };
}

const refusedFlags: [string, string[], string, RegExp][] = [
  ["a password in the address", ["--hub", "rediss://fleet:s3cret@hub.example:6380"], "--hub", /PLIMSOLL_HUB_PASSWORD/],
  ["another machine without TLS", ["--hub", "redis://hub.example:6379"], "--hub", /rediss/],
  ["no Redis", ["--hub", "http://127.0.0.1:6379"], "--hub", /rediss:\/\/hub/],
  ["a path after the port", ["--hub", "rediss://hub.example:6380/0"], "--hub", /nothing after the port/],
  ["a fleet that would leave its keys", ["--hub", "redis://127.0.0.1:1", "--fleet", "a:b"], "--fleet", /letters/],
  ["a file that is not there", ["--hub", "redis://127.0.0.1:1", "--hub-ca", "/nonexistent"], "--hub-ca", /may be read/],
  ["nothing that answers", ["--hub", "redis://127.0.0.1:1"], "--hub", /answers/],
  ["no hub", ["--fleet", "main"], "--fleet", /--hub too/],
];
for (const [what, flags, field, remedy] of refusedFlags) {
  Deno.test(`worker and sweep refuse ${what}`, async () => {
    for (const command of [["worker", "--capacity", "1"], ["sweep", "--url", "http://127.0.0.1:1/", "--levels", "1"]]) {
      const { code, stdout } = await runPlimsoll([...command, ...flags, "--json"]);
      assert.equal(code, 2, stdout);
      const { error } = JSON.parse(stdout);
      assert.equal(error.field, field);
      assert.match(error.message, remedy);
      assert(!error.message.includes("s3cret"), error.message);
    }
  });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
