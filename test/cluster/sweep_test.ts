/** A sweep that two workers drive, real processes, through a real Redis, is a run like any other. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openFleet } from "../../src/cluster/mod.ts";
import { splitByCapacity } from "../../src/cluster/split_by_capacity.ts";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer, VIEWER_REQUESTS } from "../../src/demo/mod.ts";
import { fitAll, fitDemand } from "../../src/model/mod.ts";
import { poissonArrivals } from "../../src/plan/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import { size } from "../../src/size/mod.ts";
import { assertWhole, manifestOf, startMarked, until } from "../faults/under_fault.ts";
import { tempFolder } from "../temp_folder.ts";
import { startHub, startWorker, withRedis } from "./start_hub.ts";

const SHORT = {
  warmup_ms: 500,
  idle_ms: 1000,
  cooldown_ms: 0,
  pace_ms: 250,
  requests: VIEWER_REQUESTS,
};

Deno.test({
  name: "workers share a sweep by capacity, and its run loads, fits and sizes like any other",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using streamer = await startStreamer({ cpu_ms: 1 });
    await using hub = await startHub();
    const workers = [await startWorker(hub, "w1", { capacity: 10 }), await startWorker(hub, "w2", { capacity: 20 })];
    const out = join(folder.path, "run");
    await using fleet = await openFleet({ ...hub.options, workers: 2 });
    const end = await sweep({
      ...SHORT,
      url: streamer.url,
      levels: [1, 3, 6, 12],
      replicates: 2,
      duration_ms: 2000,
      target_pid: streamer.pid,
    }, { out, fleet });
    assert.equal(end.state, "complete", end.reason);
    assert.deepEqual(end.attempts, { complete: 8, failing: 0, planned: 8 });
    assert.deepEqual(manifestOf(out).filter(({ event }) => event === "batches_refused"), []);
    // The sweep measures the hub's clock once an attempt, whoever drives it, and each worker for its share.
    await using admin = await hub.connect();
    const asked = Number(/cmdstat_time:calls=(\d+)/.exec(await admin.info("commandstats"))![1]);
    assert.equal(asked, 8 * ((1 + 8) + (6 + 9)));

    const dataset = await load(out);
    for (const { seal, requests, path } of dataset.attempts) {
      const sessions = new Set(requests.map(({ session }) => session));
      assert.deepEqual([...sessions].sort((a, b) => a - b), Array.from({ length: seal.level }, (_, k) => k));
      const shares = seal.shares!;
      assert.equal(shares.reduce((sum, share) => sum + share.sessions, 0), seal.level);
      if (seal.level === 12) assert.deepEqual(shares.map((share) => share.sessions), [4, 8]);
      for (const name of Object.keys(seal.files)) {
        assert.equal(assertWhole(join(out, path, name)), seal.files[name].rows, `${path}/${name}`);
      }
    }
    const { provenance } = dataset.info;
    assert.deepEqual(provenance.shares!.map(({ k, worker, capacity }) => ({ k, worker, capacity })), [
      { k: 1, worker: "w1", capacity: 10 },
      { k: 2, worker: "w2", capacity: 20 },
    ]);

    const summary = summarise(dataset);
    const fits = fitAll(summary);
    // What each worker used, and what leads the sweep here, is what is summed.
    const byWorker = summary.workers!;
    assert.equal(byWorker.length, 2 * (1 + 2 + 2 + 2));
    for (const { level, replicate, metrics } of summary.levels) {
      const { seal, resources } = dataset.attempts.find(({ seal, discarded }) =>
        !discarded && seal.level === level && seal.replicate === replicate
      )!;
      const { from_ms, to_ms } = seal.window;
      const own = resources.filter((row) =>
        row.share === undefined && row.group === "generator" && row.t_ms >= from_ms && row.t_ms <= to_ms
      );
      const [first, last] = [own[0], own.at(-1)!];
      const shares = seal.shares!.map(({ k, sessions }) =>
        byWorker.find((one) => one.worker === k && one.level === sessions && one.replicate === replicate)!.metrics
          .generator_cores
      );
      const sum = shares.reduce(
        (total, cores) => total + cores,
        (last.cpu_ms - first.cpu_ms) / (last.t_ms - first.t_ms),
      );
      assert(Math.abs(sum / metrics.generator_cores - 1) < 1e-9, `${sum} of ${metrics.generator_cores} cores`);
    }
    const slope = fitDemand(summary.levels, "target_cores");
    assert(slope.at !== undefined);
    const truth = await streamer.truth();
    const perRequest = summary.levels.reduce(
      (sum, level) => sum + level.metrics.target_cores * level.window_s * 1000,
      0,
    ) / summary.levels.reduce((sum, level) => sum + level.requests, 0);
    const known = truth.cpu_ms / truth.api_requests;
    assert(Math.abs(perRequest / known - 1) < 0.25, `${perRequest} ms of CPU a request, and in truth ${known}`);
    const { rows } = size(summary, fits, { targets: [24] });
    assert(rows.some(({ metric }) => metric === "cores"));

    for (const worker of workers) {
      worker.kill("SIGTERM");
      const { code, end } = await worker.ended();
      assert.equal(code, 0);
      const said = worker.said();
      const [mine, all] = worker.name === "w2" ? [8, 9] : [4, 6];
      assert(said.includes(`.12.1.1.${mine / 4}: drives ${mine} of 12 sessions at ${streamer.url}, replicate 1`), said);
      assert.match(said, /: sent [1-9]\d* rows/);
      assert(!said.includes("ended it early"), said);
      assert.match(said, new RegExp(`was told to end[^]*has ended: ${all} shares sent, 0 broken, 0 refused`));
      assert.deepEqual((end as unknown as { shares: object }).shares, {
        complete: worker.name === "w2" ? 9 : 6,
        failed: 0,
        refused: 0,
      });
    }
    // Workers and sweep leave nothing at the hub.
    await fleet[Symbol.asyncDispose]();
    assert.deepEqual(await admin.keys("plimsoll:*"), []);
  },
});

Deno.test({
  name: "arrivals are dealt out by capacity: none is lost, none comes twice, and all are those of one machine",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using streamer = await startStreamer();
    await using hub = await startHub();
    const capacities = [10, 20];
    const workers = [await startWorker(hub, "w1", { capacity: 10 }), await startWorker(hub, "w2", { capacity: 20 })];
    const out = join(folder.path, "run");
    await using fleet = await openFleet({ ...hub.options, workers: 2 });
    const [level, duration_ms] = [12, 2000];
    const short = { ...SHORT, requests: [], url: streamer.url, levels: [level], replicates: 1, duration_ms };
    // Two agents on one of them: they deal it out among themselves.
    const end = await sweep({ ...short, arrivals: "poisson", agents: 2 }, { out, fleet });
    assert.equal(end.state, "complete", end.reason);
    const { attempts, info: { plan } } = await load(out);
    const { requests, seal } = attempts.find(({ discarded }) => !discarded)!;
    assert.deepEqual(seal.shares!.map(({ sessions }) => sessions), [4, 8]);
    const rounded = (ms: number) => Math.round(ms * 1000) / 1000;
    const planned: number[] = [];
    for (const at_ms of poissonArrivals(plan, { level, replicate: 1 })) {
      if (at_ms > duration_ms) break;
      planned.push(rounded(at_ms));
    }
    const driven = requests.filter(({ scheduled_ms }) => scheduled_ms <= duration_ms);
    assert.deepEqual(driven.map(({ scheduled_ms }) => rounded(scheduled_ms)).sort((a, b) => a - b), planned);
    const [own] = splitByCapacity(level, capacities);
    for (const { scheduled_ms, session } of driven) {
      const arrival = planned.indexOf(rounded(scheduled_ms));
      assert.equal(own.includes(session % level), own.includes(arrival % level), `arrival ${arrival}`);
    }
    assert(driven.some(({ session }) => own.includes(session % level)));
    for (const worker of workers) {
      worker.kill("SIGTERM");
      assert.equal((await worker.ended()).code, 0);
    }
  },
});

Deno.test({
  name: "a level that is ended early is ended at the workers, too",
  ...withRedis,
  fn: async () => {
    await using folder = await tempFolder();
    await using streamer = await startStreamer({ cpu_ms: 1 });
    await using hub = await startHub();
    const worker = await startWorker(hub, "w1", { capacity: 10 });
    await using fleet = await openFleet({ ...hub.options, workers: 1 });
    const stop = new AbortController();
    const plan = {
      ...SHORT,
      url: streamer.url,
      levels: [4],
      replicates: 1,
      duration_ms: 50_000,
      target_pid: streamer.pid,
    };
    const whole = 4 * plan.duration_ms / plan.pace_ms * VIEWER_REQUESTS.length;
    const end = await sweep(plan, {
      out: join(folder.path, "run"),
      fleet,
      signal: stop.signal,
      onProgress: (event) => {
        if (event.kind === "sample" && (event.iterations ?? 0) > 20) stop.abort();
      },
    });
    assert.equal(end.state, "stopped", end.reason);
    const { api_requests } = await streamer.truth();
    assert(api_requests > 20 && api_requests < whole / 2, `${api_requests} of ${whole} requests`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const later = await streamer.truth();
    assert.equal(later.api_requests, api_requests, "nobody loads any more");
    worker.kill("SIGTERM");
    assert.equal((await worker.ended()).code, 0);
    assert.match(
      worker.said(),
      /\.4\.\d\.1\.1: (the sweep ended it early; sent \d+ rows|.*it drives nothing any more)/,
    );
  },
});

const waits: [string, boolean, string][] = [
  ["that is ended while it waits for workers is stopped then", false, "stopped"],
  ["that has its workers leaves no timer of its wait", true, "complete"],
];
for (const [what, there, state] of waits) {
  Deno.test({
    name: `a sweep ${what}, and its program ends`,
    ...withRedis,
    fn: async () => {
      await using folder = await tempFolder();
      await using streamer = await startStreamer();
      await using hub = await startHub();
      const worker = there ? await startWorker(hub, "w1") : undefined;
      const main = join(folder.path, "main.ts");
      const source = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
      const plan = { ...SHORT, url: streamer.url, levels: [1], replicates: 1, duration_ms: 1000 };
      // A program of its own, which ends when nothing is left to wait for.
      await Deno.writeTextFile(
        main,
        `import { openFleet } from ${source("cluster/mod.ts")};
        import { sweep } from ${source("run/mod.ts")};
        await using fleet = await openFleet({ ...${JSON.stringify(hub.options)}, wait_ms: 1_000_000 });
        const stop = new AbortController();
        if (${!there}) setTimeout(() => stop.abort(), 1000);
        const options = { out: ${JSON.stringify(join(folder.path, "run"))}, fleet, signal: stop.signal };
        console.log((await sweep(${JSON.stringify(plan)}, options)).state);`,
      );
      const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
      const program = startMarked([Deno.execPath(), "run", "-A", "--quiet", `--config=${config}`, main]);
      const run = join(folder.path, "run");
      await until(() => program.processes().length === 0, () => `its end: ${JSON.stringify(manifestOf(run))}`);
      const { code, stdout, stderr } = await program.output();
      assert.equal(code, 0, stderr);
      assert.equal(stdout.trim(), state);
      worker?.kill("SIGTERM");
      await worker?.ended();
    },
  });
}
