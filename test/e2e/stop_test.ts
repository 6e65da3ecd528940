import assert from "node:assert/strict";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { InputError } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";

const SHORT = { levels: [1, 2], replicates: 1, duration_ms: 1000, warmup_ms: 0, idle_ms: 1000, pace_ms: 200 };

Deno.test("a sweep that is stopped drains, keeps what is complete, and says that it is partial", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer();
  const out = join(folder.path, "run");
  const stop = new AbortController();
  const end = await sweep({ ...SHORT, url: streamer.url, duration_ms: 3000 }, {
    out,
    signal: stop.signal,
    onProgress: (event) => {
      if (event.kind === "sample" && event.replicate === 1 && event.t_ms > 900) stop.abort("interrupted");
    },
  });
  assert.equal(end.state, "stopped");
  assert.deepEqual(end.attempts, { complete: 0, planned: 2 });
  const dataset = await load(out);
  assert.equal(dataset.attempts.length, 1, "the run to warm up is complete");
  assert.equal(summarise(dataset).levels.length, 0);
  assert(
    dataset.warnings.some((text) => /did not complete: its rows are not used/.test(text)),
    dataset.warnings.join(),
  );
  assert(dataset.warnings.some((text) => /stopped early: interrupted/.test(text)));
  // Its rows are whole all the same.
  const partial = [...Deno.readDirSync(join(out, "levels"))].flatMap(({ name }) =>
    [...Deno.readDirSync(join(out, "levels", name))].map((replicate) => join(out, "levels", name, replicate.name, "a1"))
  ).find((path) => path.includes("/r1/"))!;
  const rows = Deno.readTextFileSync(join(partial, "requests.jsonl")).trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert(rows.length >= 3);
});

Deno.test("nothing is written where the target does not answer", async () => {
  await using folder = await tempFolder();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const out = join(folder.path, "run");
  await assert.rejects(sweep({ ...SHORT, url: `http://127.0.0.1:${port}/` }, { out }), (error) => {
    assert(error instanceof InputError);
    assert.match(error.message, new RegExp(`nothing accepts connections on port ${port} there`));
    return true;
  });
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("a target that is started by command is started anew for every attempt, and ended", async () => {
  await using folder = await tempFolder();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const log = join(folder.path, "pids");
  const code = `Deno.writeTextFileSync(${JSON.stringify(log)}, Deno.pid + "\\n", { append: true });
    Deno.serve({ hostname: "127.0.0.1", port: ${port}, onListen() {} }, () => new Response("hello"));`;
  const out = join(folder.path, "run");
  const end = await sweep({
    ...SHORT,
    url: `http://127.0.0.1:${port}/`,
    target_command: [Deno.execPath(), "eval", code],
  }, { out });
  assert.equal(end.state, "complete");
  const pids = Deno.readTextFileSync(log).trimEnd().split("\n").map(Number);
  // Once before anything is written, twice at rest, and three attempts.
  assert.equal(new Set(pids).size, 6);
  for (const pid of pids) assert.throws(() => Deno.kill(pid, "SIGTERM"), `process ${pid} is still there`);
  const { levels } = summarise(await load(out));
  for (const level of levels) assert(level.metrics.target_memory_bytes > 10e6);
});
