import assert from "node:assert/strict";
import { join } from "node:path";
import { Child } from "../../src/run/child.ts";
import type { ToChild } from "../../src/run/messages.ts";
import { resourceRowSchema } from "../../src/schema/mod.ts";
import type { ResourceRow } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";

const INTERVAL_MS = 200;

/** Runs the sampler as a sweep does; `during` happens while it samples. */
async function sampled(
  job: Partial<Extract<ToChild, { type: "sample" }>>,
  during: (sampler: Child) => Promise<void>,
): Promise<ResourceRow[]> {
  await using folder = await tempFolder();
  const file = join(folder.path, "resources.jsonl");
  const sampler = new Child(new URL("../../src/run/sampler_process.ts", import.meta.url), {
    name: "sampler",
    permissions: ["--allow-all"],
  });
  try {
    const roots = { target: [], generator: [Deno.pid], browser_agents: [] };
    sampler.tell({ type: "sample", file, interval_ms: INTERVAL_MS, roots, ...job });
    await sampler.ready;
    sampler.tell({ type: "start", zero_ms: performance.now() + await sampler.clockOffset() });
    await during(sampler);
    sampler.tell({ type: "stop" });
    const { files } = await sampler.done;
    const rows = (await Deno.readTextFile(file)).trim().split("\n").map((line) => JSON.parse(line) as ResourceRow);
    assert.equal(files["resources.jsonl"].rows, rows.length);
    for (const row of rows) resourceRowSchema.parse(row);
    return rows;
  } finally {
    await sampler.end();
  }
}

const system = (rows: ResourceRow[]) => rows.filter(({ group }) => group === "system");

Deno.test("Samples that could not be taken are counted on the next row, not made up", async () => {
  const rows = system(
    await sampled({}, async (sampler) => {
      await pause(700);
      Deno.kill(sampler.pid, "SIGSTOP");
      await pause(1500);
      Deno.kill(sampler.pid, "SIGCONT");
      await pause(700);
    }),
  );
  // Every slot of the grid has either a row or is counted; the last row comes with the word to stop.
  for (const [index, row] of rows.entries()) {
    assert(row.late_ms! >= 0 && row.late_ms! < INTERVAL_MS, `${row.late_ms} ms late`);
    if (index === 0 || index === rows.length - 1) continue;
    const slot = (of: ResourceRow) => Math.round((of.t_ms - of.late_ms!) / INTERVAL_MS);
    assert.equal(slot(row) - slot(rows[index - 1]) - 1, row.missed ?? 0, `at ${row.t_ms} ms`);
  }
  const gap = Math.max(...rows.map(({ missed = 0 }) => missed));
  assert(gap >= 6 && gap <= 12, `${gap} samples missed in 1.5 s of ${INTERVAL_MS} ms`);
  const cost = rows.map(({ sampler_cpu_ms }) => sampler_cpu_ms!);
  assert(cost.every((ms, index) => index === 0 || ms >= cost[index - 1]) && cost[0] > 0, "its own cost never falls");
});

Deno.test("A target that is scraped has rows of its own time; pages that fail leave none and are counted", async () => {
  let answers = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    answers++;
    if (answers % 3 === 0) return new Response("busy", { status: 503 });
    return new Response(`process_cpu_seconds_total ${answers}\nprocess_resident_memory_bytes 1e7\n`);
  });
  try {
    const page = { url: `http://127.0.0.1:${server.addr.port}/metrics`, address: "127.0.0.1" };
    const rows = await sampled({ page }, () => pause(2500));
    const target = rows.filter(({ group }) => group === "target");
    assert(target.length >= 3, `${target.length} rows`);
    assert.equal(target.length, answers - Math.floor(answers / 3), "a row for each page that came");
    const first = target[0];
    assert.deepEqual([first.cpu_ms, first.memory_bytes, first.memory_kind], [0, 1e7, "rss"]);
    assert.equal(target.at(-1)!.cpu_ms, 1000 * (answers - (answers % 3 === 0 ? 1 : 0) - 1));
    const times = new Set(system(rows).map(({ t_ms }) => t_ms));
    assert(target.every(({ t_ms }) => !times.has(t_ms)), "the time at which the page came");
    const failed = system(rows).map(({ scrapes_failed }) => scrapes_failed!);
    assert(failed.at(-1)! >= Math.floor((answers - 1) / 3) && failed[0] === 0, `${failed.at(-1)} of ${answers}`);
  } finally {
    await server.shutdown();
  }
});

Deno.test("An endpoint that never answers holds nobody up", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Promise<Response>(() => {}),
  );
  const page = { url: `http://127.0.0.1:${server.addr.port}/`, address: "127.0.0.1", timeout_ms: 500 };
  try {
    const rows = await sampled({ page }, () => pause(1500));
    assert.equal(rows.filter(({ group }) => group === "target").length, 0);
    assert(system(rows).length >= 3);
    assert(system(rows).at(-1)!.scrapes_failed! >= 1);
  } finally {
    // Its requests are never answered: there is nothing to wait for.
    server.unref();
    void server.shutdown();
  }
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
