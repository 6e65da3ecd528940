/** A hub that falls silent without a word: its machine is gone, or the network between, and no connection was closed. */
import assert from "node:assert/strict";
import { runWorker } from "../../src/cluster/mod.ts";
import { Hub } from "../../src/cluster/hub.ts";
import { until } from "../faults/under_fault.ts";
import { tempFolder } from "../temp_folder.ts";
import { type RunningHub, startHub, withRedis } from "./start_hub.ts";

/** What stands between a hub and its users, and can keep to itself what goes over the connections that are open. */
function startRelay(hub: RunningHub) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const lines: { mute: boolean; ends: Deno.Conn[] }[] = [];
  const carry = async (from: Deno.Conn, to: Deno.Conn, line: { mute: boolean }) => {
    const buffer = new Uint8Array(2 ** 16);
    for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
      for (let written = 0; !line.mute && written < read;) written += await to.write(buffer.subarray(written, read));
    }
    if (!line.mute) to.close();
  };
  const accepting = (async () => {
    for await (const from of listener) {
      const to = await Deno.connect({ hostname: "127.0.0.1", port: hub.port });
      const line = { mute: false, ends: [from, to] };
      lines.push(line);
      for (const [one, other] of [[from, to], [to, from]]) carry(one, other, line).catch(() => {});
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  return {
    options: { ...hub.options, url: `redis://127.0.0.1:${port}` },
    /** Connections that were ever made. */
    count: () => lines.length,
    mute: () => lines.forEach((line) => line.mute = true),
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const end of lines.flatMap(({ ends }) => ends)) {
        try {
          end.close();
        } catch { /* it is closed */ }
      }
      await accepting;
    },
  };
}

Deno.test({
  name: "what was asked of a hub that has fallen silent is asked again over a new connection",
  ...withRedis,
  fn: async () => {
    await using redis = await startHub();
    await using relay = startRelay(redis);
    await using hub = await Hub.open(relay.options);
    await hub.redis.set("plimsoll:main:x", "1");
    relay.mute();
    let answer: string | null = null;
    hub.redis.get("plimsoll:main:x").then((text) => answer = text, () => {});
    await until(() => answer !== null, () => "an answer");
    assert.equal(answer, "1");
    assert.equal(relay.count(), 2);
  },
});

Deno.test({
  name: "a worker without work keeps its connections, and finds back to a hub that fell silent",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using redis = await startHub();
    await using relay = startRelay(redis);
    const stop = new AbortController();
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const options = { ...relay.options, capacity: 1, name: "w1", spool: folder.path, signal: stop.signal, onNote };
    const worker = runWorker(options);
    await until(() => notes.length > 0);
    await using admin = await redis.connect();
    const asked = async () => Number(/cmdstat_bzpopmin:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1] ?? 0);
    // It blocks for five seconds at a time, waiting for a job.
    const before = await asked();
    const made = relay.count();
    for (let calls = before; calls < before + 4; calls = await asked()) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(relay.count(), made);
    relay.mute();
    await until(() => notes.includes("the hub is there again"), () => notes.join());
    stop.abort();
    assert.deepEqual((await worker).shares, { complete: 0, failed: 0, refused: 0 });
  },
});
