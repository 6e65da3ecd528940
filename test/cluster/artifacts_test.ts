/** Screenshots stay on the worker that took them; the run lists them with hashes, and they come when they are asked for. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ArtifactLine, WorkerCard } from "../../src/cluster/messages.ts";
import { fetchArtifacts, openFleet } from "../../src/cluster/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { runPlimsoll } from "../cli/run_plimsoll.ts";
import { freePort, lines, SHORT, startPlimsoll, until, writePlan } from "../faults/under_fault.ts";
import { tempFolder } from "../temp_folder.ts";
import { startHub, startWorker, withRedis } from "./start_hub.ts";

Deno.test({
  name: "artifacts stay on their worker, never pass the hub, and are fetched whole by who knows the token",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using streamer = await startStreamer();
    await using hub = await startHub({ tls: true });
    const address = `127.0.0.1:${freePort()}`;
    const worker = await startWorker(hub, "w1", { args: ["--serve-artifacts", address] });
    const out = join(folder.path, "run");
    {
      await using fleet = await openFleet(hub.options);
      const browser_scenario = { screenshot_every_ms: 400, screenshot_format: "png" as const };
      const end = await sweep({
        ...{ ...SHORT, mode: "playwright", url: streamer.url, levels: [2], duration_ms: 2000, pace_ms: 500 },
        browser_scenario,
      }, { out, fleet });
      assert.equal(end.state, "complete", end.reason);
    }
    const attempt = join(out, "levels", "2", "r1", "a1");
    const listed = lines(join(attempt, "artifacts.jsonl")).map((line): ArtifactLine => JSON.parse(line));
    const taken = lines(join(attempt, "events.jsonl")).map((line) => JSON.parse(line))
      .flatMap((row) => row.event === "artifact" ? { path: row.path, bytes: row.bytes } : []);
    assert(listed.length >= 4, `${listed.length} are listed`);
    assert.deepEqual(
      listed.map(({ path, bytes }) => ({ path, bytes })).sort((a, b) => a.path < b.path ? -1 : 1),
      taken.sort((a, b) => a.path < b.path ? -1 : 1),
    );
    assert(listed.every(({ path }) => !existsSync(join(out, path))), "they are here already");
    // Redis wrote all that ever went through it: none of these pictures.
    const written = new Deno.Command("grep", { args: ["-rlaP", "\\x89PNG", hub.folder] }).outputSync();
    assert.equal(new TextDecoder().decode(written.stdout), "");

    await using redis = await hub.connect();
    const { artifacts } = JSON.parse((await redis.get("plimsoll:main:worker:w1"))!) as WorkerCard;
    const { url, token } = artifacts!;
    assert.equal(url, `https://${address}`);
    using client = Deno.createHttpClient({ caCerts: [hub.options.ca!] });
    const [{ run, path }] = listed;
    const asked: [string, string, string | undefined, number][] = [
      ["one that it lists", `${run}/${path}`, token, 200],
      ["without the token", `${run}/${path}`, undefined, 401],
      ["with another", `${run}/${path}`, crypto.randomUUID(), 401],
      ["a file that is none", `${run}/${path}x`, token, 404],
      ["rows", `${run}/levels/2/r1/a1/requests.jsonl`, token, 404],
      ["a way out", `${run}/artifacts/levels/2/r1/a1/..%2f..%2f..%2f..%2f..%2fw1.log`, token, 404],
      ["the folder", `${run}/artifacts/levels/2/r1/a1/`, token, 404],
    ];
    for (const [what, at, bearer, status] of asked) {
      const headers: HeadersInit = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
      const response = await fetch(`${url}/${at}`, { headers, client });
      assert.equal(response.status, status, what);
      await response.body?.cancel();
    }

    const warm = lines(join(out, "levels", "2", "r0", "a1", "artifacts.jsonl")).length;
    const all = listed.length + warm;
    // One that is not any more what the run lists.
    const spool = join(hub.folder, "..", "spool-w1", run);
    const original = await Deno.readFile(join(spool, path));
    await Deno.writeTextFile(join(spool, path), "changed");
    const first = await fetchArtifacts(out, hub.options);
    assert.deepEqual(first, {
      ...{ listed: all, present: 0, fetched: all - 1 },
      missing: [{ worker: "w1", files: 1, reason: "what it sent is not what the run lists" }],
    });
    await Deno.writeFile(join(spool, path), original);
    assert.deepEqual(await fetchArtifacts(out, hub.options), {
      listed: all,
      present: all - 1,
      fetched: 1,
      missing: [],
    });
    for (const one of listed) assert.equal((await Deno.stat(join(out, one.path))).size, one.bytes);

    worker.kill("SIGTERM");
    assert.equal((await worker.ended()).code, 0, worker.said());
    await Deno.remove(join(out, path));
    const last = await fetchArtifacts(out, hub.options);
    assert.deepEqual(last.missing, [{ worker: "w1", files: 1, reason: "it is not at the hub" }]);
  },
});

Deno.test({
  name: "of a share that is void no artifacts stay on its worker",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using streamer = await startStreamer();
    await using hub = await startHub();
    const worker = await startWorker(hub, "w1");
    const plan = await writePlan(folder.path, {
      ...{ ...SHORT, mode: "playwright", url: streamer.url, levels: [1], duration_ms: 60_000, pace_ms: 500 },
      browser_scenario: { screenshot_every_ms: 400 },
    });
    const env = Object.entries(hub.env).map((pair) => pair.join("="));
    const sweep = startPlimsoll(["sweep", plan, ...hub.flags, "--out", join(folder.path, "run")], ["env", ...env]);
    const kept = () => {
      const spool = join(hub.folder, "..", "spool-w1");
      if (!existsSync(spool)) return [];
      return readdirSync(spool, { recursive: true }).map(String).filter((path) => /artifacts.*\.jpe?g$/.test(path));
    };
    await until(() => kept().length > 2);
    sweep.kill("SIGKILL");
    await sweep.ended();
    await until(() => worker.said().includes("not there any more"));
    assert.deepEqual(kept(), []);
    worker.kill("SIGTERM");
    assert.equal((await worker.ended()).code, 0, worker.said());
  },
});

Deno.test({
  name: "of a worker that sends more than the run lists no more is taken, and nothing of it stays",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using hub = await startHub();
    const out = join(folder.path, "run");
    const attempt = join(out, "levels", "1", "r1", "a1");
    await Deno.mkdir(attempt, { recursive: true });
    const path = "artifacts/levels/1/r1/a1/shot.png";
    const line: ArtifactLine = { seq: 0, worker: "w1", run: "0".repeat(8), path, bytes: 1000, sha256: "0".repeat(64) };
    await Deno.writeTextFile(join(out, "plan.json"), "{}");
    await Deno.writeTextFile(join(attempt, "artifacts.jsonl"), JSON.stringify(line) + "\n");
    await Deno.writeTextFile(join(attempt, "COMPLETE.json"), JSON.stringify({ files: { "artifacts.jsonl": {} } }));
    let sent = 0;
    const chunk = new Uint8Array(2 ** 16);
    const pull = (stream: ReadableStreamDefaultController) => {
      if ((sent += chunk.length) > 2 ** 28) stream.close();
      else stream.enqueue(chunk);
    };
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response(new ReadableStream({ pull })),
    );
    await using redis = await hub.connect();
    const artifacts = { url: `http://127.0.0.1:${server.addr.port}`, token: "of-the-test" };
    await redis.set("plimsoll:main:worker:w1", JSON.stringify({ worker: "w1", artifacts }));
    const { fetched, missing } = await fetchArtifacts(out, hub.options);
    assert.equal(fetched, 0);
    const reason = "it sent more than the 1000 bytes that the run lists";
    assert.deepEqual(missing, [{ worker: "w1", files: 1, reason }]);
    // What lay in the buffers of both machines, and not all of it.
    assert(sent < 2 ** 26, `it got rid of ${sent} bytes`);
    assert.deepEqual([...Deno.readDirSync(join(out, "artifacts/levels/1/r1/a1"))], []);

    // Where nobody answers, and where nothing is given out, that is said.
    const url = `http://127.0.0.1:${freePort()}`;
    const at = (artifacts?: object) =>
      redis.set("plimsoll:main:worker:w1", JSON.stringify({ worker: "w1", artifacts }));
    await at({ url, token: "of-the-test" });
    const [unreached] = (await fetchArtifacts(out, hub.options)).missing;
    assert(unreached.reason.startsWith(`${url}: `) && /refused/.test(unreached.reason), unreached.reason);
    await at();
    assert.match((await fetchArtifacts(out, hub.options)).missing[0].reason, /--serve-artifacts.*--name.*--spool/);
    // A run that lists none needs no hub for that.
    await Deno.remove(attempt, { recursive: true });
    const { code, stdout } = await runPlimsoll(["fetch", out, "--hub", `redis://127.0.0.1:${freePort()}`]);
    assert.equal(code, 0);
    assert.match(stdout, /lists no artifacts/);
  },
});

Deno.test({
  name: "a worker ends though somebody who fetches an artifact from it has fallen silent",
  ...withRedis,
  fn: async () => {
    await using hub = await startHub();
    const port = freePort();
    const worker = await startWorker(hub, "w1", { args: ["--serve-artifacts", `127.0.0.1:${port}`] });
    const path = "artifacts/levels/1/r1/a1/shot.png";
    const file = join(hub.folder, "..", "spool-w1", "0".repeat(8), path);
    await Deno.mkdir(dirname(file), { recursive: true });
    // More than what lies in the buffers between the two.
    await Deno.writeFile(file, new Uint8Array(2 ** 26));
    await using redis = await hub.connect();
    const { artifacts } = JSON.parse((await redis.get("plimsoll:main:worker:w1"))!) as WorkerCard;
    using reader = await Deno.connect({ hostname: "127.0.0.1", port });
    const head = [`GET /${"0".repeat(8)}/${path} HTTP/1.1`, "host: w1", `authorization: Bearer ${artifacts!.token}`];
    await reader.write(new TextEncoder().encode([...head, "", ""].join("\r\n")));
    assert((await reader.read(new Uint8Array(1000)))! > 0);
    worker.kill("SIGTERM");
    await until(() => worker.processes().length === 0, () => `its end: ${worker.said()}`);
    assert.equal((await worker.ended()).code, 0, worker.said());
  },
});

Deno.test("artifacts are given out over TLS, or on loopback", async () => {
  const args = ["worker", "--hub", "redis://127.0.0.1:1", "--capacity", "1", "--json"];
  const cases: [string, RegExp][] = [["0.0.0.0:8443", /nobody can ask/], ["[::]:8443", /nobody can ask/], [
    "10.0.0.5:8443",
    /--hub-cert/,
  ], [
    "8443",
    /address and port/,
  ]];
  for (const [serve, remedy] of cases) {
    const { code, stdout } = await runPlimsoll([...args, "--serve-artifacts", serve]);
    assert.equal(code, 2, stdout);
    const { error } = JSON.parse(stdout);
    assert.equal(error.field, "--serve-artifacts");
    assert.match(error.remedy, remedy);
  }
});
