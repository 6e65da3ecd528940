import assert from "node:assert/strict";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { SHORT } from "../faults/under_fault.ts";
import { tempFolder } from "../temp_folder.ts";

Deno.test("the module of the documentation drives the Streamer, from an agent that may do next to nothing", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer({ cpu_ms: 0.1 });
  const source = Deno.readTextFileSync(new URL("../../src/drive/http/http_module.ts", import.meta.url));
  const [, example] = /@example A module[\s\S]*?```ts\n([\s\S]*?)```/.exec(source)!;
  const module = join(folder.path, "chat.ts");
  Deno.writeTextFileSync(module, example.replaceAll(/^ \* ?/gm, ""));
  const out = join(folder.path, "run");
  const plan = { ...SHORT, url: streamer.url, levels: [2], duration_ms: 2000, pace_ms: 400, http_scenario: { module } };
  const end = await sweep(plan, { out });
  assert.equal(end.state, "complete", end.reason);
  const dataset = await load(out);
  const { levels: [level] } = summarise(dataset);
  for (const { requests, events } of dataset.attempts) {
    assert.deepEqual(events.filter(({ event }) => event === "step_failed"), []);
    assert.deepEqual([...new Set(requests.map(({ step }) => step))].toSorted(), [
      "join",
      "live",
      "live (connect)",
      "read",
      "say",
    ]);
    assert(requests.some(({ bytes_from_ms }) => bytes_from_ms !== undefined), "as rows of streams have it");
  }
  assert.equal(level.metrics.error_ratio, 0);
  assert(level.metrics.throughput > 3 && level.metrics.throughput < 6, `${level.metrics.throughput} iterations/s of 5`);
  assert(level.metrics.network_bytes_per_s > 1000);
});

Deno.test("a module that reaches for files, the environment, programs or other hosts gets an error, and nothing else", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer({ cpu_ms: 0.1 });
  let reached = 0;
  await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    reached++;
    return new Response("here");
  });
  const inner = join(folder.path, "scenario");
  Deno.mkdirSync(inner);
  Deno.writeTextFileSync(join(folder.path, "outside.ts"), "export const secret = 1;");
  Deno.writeTextFileSync(join(folder.path, "secret.txt"), "s3cret");
  Deno.writeTextFileSync(join(inner, "words.ts"), "export const word = 'hello';");
  const module = join(inner, "module.ts");
  Deno.writeTextFileSync(
    module,
    `import { word } from "./words.ts";
    const acts: Record<string, () => unknown> = {
      read: () => Deno.readTextFileSync(new URL("../secret.txt", import.meta.url)),
      env: () => Deno.env.get("HOME"),
      fetch: () => fetch("http://127.0.0.1:${other.addr.port}/"),
      socket: () => new WebSocket("ws://127.0.0.1:${other.addr.port}/"),
      run: () => new Deno.Command("id").outputSync(),
      write: () => Deno.writeTextFileSync(new URL("./left.txt", import.meta.url), "x"),
      outside: () => import(String(new URL("../outside.ts", import.meta.url))),
      remote: () => import(String("https://deno.land/std/version.ts")),
    };
    export default async ({ get, post, step, iteration }) => {
      console.log("said", iteration, "{");
      await get("/frame");
      await post("/api/chat?viewer=a", word);
      await get("/stream.json");
      const name = Object.keys(acts)[iteration % 9];
      if (name !== undefined) await step(name, acts[name]);
      setTimeout(() => { throw new Error("late"); }, 5);
    };`,
  );
  const out = join(folder.path, "run");
  const plan = { ...SHORT, url: streamer.url, levels: [1], pace_ms: 60, http_scenario: { module } };
  const end = await sweep(plan, { out });
  assert.equal(end.state, "complete", end.reason);
  const { attempts } = await load(out);
  assert.equal(attempts.length, 2);
  for (const { requests, events, seal } of attempts) {
    assert.equal(seal.state, "complete");
    const reasons = new Map(events.flatMap((row) => row.event === "step_failed" ? [[row.step, row.reason]] : []));
    assert.match(reasons.get("read") ?? "", /^NotCapable: Requires read access to/);
    assert.match(reasons.get("env") ?? "", /^NotCapable: Requires env access to "HOME"/);
    assert.match(reasons.get("fetch") ?? "", /Requires net access to "127.0.0.1/);
    assert.match(reasons.get("run") ?? "", /^NotCapable: Requires run access/);
    assert.match(reasons.get("write") ?? "", /^NotCapable: Requires write access/);
    assert.match(reasons.get("outside") ?? "", /Requires read access/);
    assert.match(reasons.get("remote") ?? "", /--no-remote/);
    assert.equal(reasons.get("scenario"), "nobody waited for it: Error: late");
    for (const [step, reason] of reasons) assert(!reason.includes("s3cret"), step);
    const failed = new Set(requests.filter(({ outcome }) => outcome !== "ok").map(({ step }) => step));
    for (const step of ["read", "env", "fetch", "run", "write", "outside", "remote"]) assert(failed.has(step), step);
    assert(
      requests.filter(({ step, outcome }) => step === "get" && outcome === "ok").length >= 10,
      "and the session went on",
    );
  }
  assert.equal(reached, 0, "no other host was reached");
  assert.deepEqual([...Deno.readDirSync(inner)].map(({ name }) => name).toSorted(), ["module.ts", "words.ts"]);
});
