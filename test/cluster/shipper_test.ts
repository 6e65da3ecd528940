/** What a worker sends through a real Redis is all that its agents wrote, however long their rows are. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { keys } from "../../src/cluster/messages.ts";
import { MOST_BATCH_BYTES, Receiver } from "../../src/cluster/receiver.ts";
import { Shipper } from "../../src/cluster/shipper.ts";
import { type UpListener, UpReader } from "../../src/cluster/up_reader.ts";
import { Hub } from "../../src/cluster/hub.ts";
import { tempFolder } from "../temp_folder.ts";
import { startHub, withRedis } from "./start_hub.ts";

const KIB = 1024;
const row = (bytes: number) => `${"x".repeat(bytes - 1)}\n`;

/** Sends a file of rows of these lengths once they are all written, and returns what is received. */
async function ship(rows: number[]): Promise<{ written: string; received: string }> {
  await using folder = await tempFolder();
  await using redis = await startHub();
  await using hub = await Hub.open(redis.options);
  const [there, here] = ["there", "here"].map((name) => join(folder.path, name));
  for (const path of [there, here]) await Deno.mkdir(path);
  const written = rows.map(row).join("");
  await Deno.writeTextFile(join(there, "requests.jsonl"), written);
  const key = keys.up(hub.prefix, "1");
  const receiver = new Receiver("secret", here, (name) => name);
  const reader = new UpReader(hub.connect());
  const failed = Promise.withResolvers<never>();
  const listener: UpListener = {
    take: (entry) => void receiver.take(entry),
    sync: () => receiver.sync(),
    fail: failed.reject,
  };
  reader.add(key, listener);
  const shipper = new Shipper(hub.redis, key, "secret", there);
  try {
    await Promise.race([shipper.finish(), failed.promise]);
    for (let tries = 0; await hub.redis.xlen(key) > 0 && tries < 500; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert(await hub.redis.pttl(key) > 0, "it would stay at the hub for ever");
  } finally {
    shipper.stop();
    reader.close();
  }
  await receiver.close();
  assert.deepEqual(receiver.refused, { duplicate: 0, quarantined: 0, reasons: [] });
  return { written, received: await Deno.readTextFile(join(here, "requests.jsonl")) };
}

const cases: [string, number[]][] = [
  ["many short rows", Array(10_000).fill(100)],
  ["short rows, each before one that takes most of a batch", [100 * KIB, 200 * KIB, 100 * KIB, 200 * KIB]],
  ["rows of all lengths", [100 * KIB, 200 * KIB, 1 * KIB, 255 * KIB, 10, MOST_BATCH_BYTES]],
  ["a row that is a batch, and one that comes after it", [MOST_BATCH_BYTES, 10]],
];
for (const [what, rows] of cases) {
  Deno.test({
    name: `nothing is left behind of ${what}`,
    ...withRedis,
    fn: async () => {
      const { written, received } = await ship(rows);
      assert.equal(received.length, written.length);
      assert(received === written);
    },
  });
}

Deno.test({
  name: "a row that no batch holds is said, and not waited for",
  ...withRedis,
  fn: () =>
    assert.rejects(ship([10, MOST_BATCH_BYTES + 1]), { message: "requests.jsonl has a row of more than 256 KiB" }),
});
