import assert from "node:assert/strict";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { tempFolder } from "../temp_folder.ts";

Deno.test("a browser sweep charges browsers to browsers, keeps its screenshots and counts what pages transfer", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer({ cpu_ms: 1 });
  const out = join(folder.path, "run");
  const end = await sweep({
    mode: "playwright",
    url: streamer.url,
    levels: [1, 3],
    replicates: 1,
    duration_ms: 6000,
    warmup_ms: 3000,
    idle_ms: 1000,
    pace_ms: 1000,
    browser_scenario: { screenshot_every_ms: 2000 },
    target_pid: streamer.pid,
  }, { out });
  assert.equal(end.state, "complete", end.reason);
  const dataset = await load(out);
  const [one, three] = summarise(dataset).levels;
  for (const level of [one, three]) {
    const { metrics } = level;
    assert.equal(Math.round(level.sessions), level.level);
    assert.equal(metrics.error_ratio, 0);
    assert(metrics.browser_cores > metrics.generator_cores, "the browser costs more than what drives it");
    assert.equal(metrics.serving_cores, metrics.target_cores + metrics.browser_cores);
    assert(
      metrics.bytes_per_snapshot > 5000 && metrics.bytes_per_snapshot < 2e6,
      `${metrics.bytes_per_snapshot} bytes a screenshot`,
    );
    const perSession = metrics.artifact_bytes_per_hour / level.level / metrics.bytes_per_snapshot;
    assert(perSession > 1200 && perSession < 2400, `${perSession} screenshots an hour and session`);
  }
  assert(three.metrics.browser_memory_bytes > one.metrics.browser_memory_bytes + 10e6);
  assert(three.metrics.browser_memory_bytes < 3 * one.metrics.browser_memory_bytes, "sessions share one browser");
  assert(three.metrics.network_bytes_per_s > 2 * one.metrics.network_bytes_per_s);

  const folders = [...Deno.readDirSync(join(out, "artifacts", "levels", "3", "r1", "a1"))];
  const attempt = dataset.attempts.find(({ seal }) => seal.level === 3)!;
  const events = attempt.events.filter((row) => row.event === "artifact");
  assert.equal(folders.length, events.length);
  for (const row of events) assert.equal(Deno.statSync(join(out, row.path)).size, row.bytes);
  const { browser } = dataset.info.provenance;
  assert(browser && /^\d+\./.test(browser.version), JSON.stringify(browser));
  const memory = attempt.resources.filter((row) => row.group === "browser" && row.memory_bytes !== undefined);
  assert(memory.every((row) => row.memory_kind === "pss"), "memory of the browser is PSS");
});

Deno.test("a browser reaches its target by any loopback name, and nothing else", async () => {
  await using folder = await tempFolder();
  const code =
    `const handler = () => new Response("<title>x</title><img src='http://127.0.0.2:1/a.png'>", { headers: { "content-type": "text/html" } });
    const one = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
    Deno.serve({ hostname: "::1", port: one.addr.port, onListen() {} }, handler);
    console.log(one.addr.port);`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const port = Number((await reader.read()).value);
    for (const host of ["localhost", "[::1]"]) {
      const out = join(folder.path, host.replace(/\W/g, "_"));
      const setting = { levels: [1], replicates: 1, duration_ms: 1000, warmup_ms: 1000, idle_ms: 1000, pace_ms: 500 };
      await sweep({ ...setting, mode: "playwright", url: `http://${host}:${port}/` }, { out });
      const { requests } = (await load(out)).attempts[0];
      assert(requests.length > 1, host);
      for (const row of requests) assert.equal(row.outcome, "ok", `${host}: ${JSON.stringify(row)}`);
    }
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
  }
});
