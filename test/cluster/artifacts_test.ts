/** Screenshots stay on the worker that took them; the run lists them with hashes, and they come when they are asked for. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ArtifactLine, WorkerCard } from "../../src/cluster/messages.ts";
import { fetchArtifacts, openFleet } from "../../src/cluster/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { runPlimsoll } from "../cli/run_plimsoll.ts";
import { freePort, lines, SHORT } from "../faults/under_fault.ts";
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

Deno.test("artifacts are given out over TLS, or on loopback", async () => {
  const args = ["worker", "--hub", "redis://127.0.0.1:1", "--capacity", "1", "--json"];
  const cases: [string, RegExp][] = [["0.0.0.0:8443", /--hub-cert/], ["10.0.0.5:8443", /--hub-cert/], [
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
