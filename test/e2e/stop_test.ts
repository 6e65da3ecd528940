import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
  assert.deepEqual(end.attempts, { complete: 0, failing: 0, planned: 2 });
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
  const port = freePort();
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
  const port = freePort();
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

Deno.test("a target behind a wrapper is ended with all that it started, also when the sweep is ended at once", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using folder = await tempFolder();
  const port = freePort();
  const log = join(folder.path, "pids");
  const code = `Deno.writeTextFileSync("${log}", Deno.pid + "\\n", { append: true });
    Deno.serve({ hostname: "127.0.0.1", port: ${port}, onListen() {} }, () => new Response("hello"));`;
  await Deno.writeTextFile(join(folder.path, "server.ts"), code);
  const alive = () => Deno.readTextFileSync(log).trimEnd().split("\n").filter(runs);
  const wrapped = ["sh", "-c", `"${Deno.execPath()}" run -A ${join(folder.path, "server.ts")}; true`];
  const url = `http://127.0.0.1:${port}/`;
  const end = await sweep({ ...SHORT, url, target_command: wrapped }, { out: join(folder.path, "run") });
  assert.equal(end.state, "complete");
  await until(() => alive().length === 0);

  const plan = join(folder.path, "plan.json");
  await Deno.writeTextFile(plan, JSON.stringify({ ...SHORT, url, duration_ms: 60_000, target_command: wrapped }));
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", main, "sweep", plan, "--out", join(folder.path, "second")],
    stderr: "null",
    stdout: "null",
  }).spawn();
  await until(() => existsSync(join(folder.path, "second", "levels", "1", "r0", "a1", "requests.jsonl")));
  child.kill("SIGINT");
  child.kill("SIGINT");
  assert.equal((await child.status).code, 130);
  await until(() => alive().length === 0);
});

Deno.test("iterations are counted whole: a target too slow for the pace delivers what it ends, no more", async () => {
  await using folder = await tempFolder();
  const port = freePort();
  const code = `Deno.serve({ hostname: "127.0.0.1", port: ${port}, onListen() { console.log(1); } }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 150)); return new Response("slow"); });`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  try {
    const requests = Array.from({ length: 6 }, (_, n) => ({ name: `s${n}`, method: "GET" as const, path: "/" }));
    const out = join(folder.path, "run");
    const told: { level: number; name: string; reason: string }[] = [];
    await sweep(
      { ...SHORT, url: `http://127.0.0.1:${port}/`, levels: [4], duration_ms: 5000, pace_ms: 500, requests },
      { out, onProgress: (event) => event.kind === "flag" && told.push(event) },
    );
    const dataset = await load(out);
    const [level] = summarise(dataset).levels;
    const { requests: rows, seal } = dataset.attempts.find(({ discarded }) => !discarded)!;
    const last = rows.filter(({ step, started_ms, duration_ms }) =>
      step === "s5" && started_ms + duration_ms <= seal.window.to_ms
    );
    assert(Math.abs(level.metrics.throughput - last.length / level.window_s) < 1e-9, `${level.metrics.throughput}`);
    // Where the machine is busy with other things, those are blamed.
    const blamed = level.flags.some(({ name }) => /^(target_saturated|machine_limited|generator_limited)$/.test(name));
    assert(blamed, JSON.stringify(level.flags));
    const after = told.filter(({ level }) => level > 0).slice(-level.flags.length).map(({ name, reason }) => ({
      name,
      reason,
    }));
    assert.deepEqual(
      after,
      level.flags.map(({ name, reason }) => ({ name, reason })),
      "told at once as analysed later",
    );
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
  }
});

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail("it did not come to pass within 30 s");
}

/** Whether a process runs; one that has ended and that nobody has waited for does not. */
function runs(pid: string): boolean {
  const { stdout } = new Deno.Command("ps", { args: ["-o", "stat=", "-p", pid] }).outputSync();
  return /^[^Z\s]/.test(new TextDecoder().decode(stdout).trim());
}
