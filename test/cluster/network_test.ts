/** A hub and three workers on machines of their own, as far as the network is concerned. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load, summarise } from "../../src/dataset/mod.ts";
import { evaluate, fitDemand, fitWorkers } from "../../src/model/mod.ts";
import type { MetricFit } from "../../src/schema/mod.ts";
import type { PlanInput } from "../../src/plan/mod.ts";
import {
  assertWhole,
  freePort,
  lines,
  manifestOf,
  startMarked,
  startPlimsoll,
  until,
  writePlan,
} from "../faults/under_fault.ts";
import { tempFolder } from "../temp_folder.ts";
import { canMakeNetworks, makeNetwork, type Network } from "./network.ts";
import { type RunningHub, type RunningWorker, startHub, startWorker, withRedis } from "./start_hub.ts";

const onNetwork = { ignore: withRedis.ignore || !canMakeNetworks() };
const WORKERS = 3;
/** What the target spends on a request. */
const CPU_MS = 4;
/** More than clocks and network need on machines that have time. */
const MOST_SKEW_MS = 20;

const PLAN = {
  levels: [3, 6, 12],
  replicates: 2,
  duration_ms: 3000,
  warmup_ms: 500,
  idle_ms: 1000,
  cooldown_ms: 2000,
  pace_ms: 300,
} satisfies Partial<PlanInput>;

interface Scene {
  folder: string;
  network: Network;
  hub: RunningHub;
  url: string;
  /** Names of the sessions' machines, one a request. */
  asked: string;
  target_pid: number;
  worker(machine: number, args?: string[]): Promise<RunningWorker>;
  sweep(out: string, plan: Partial<PlanInput>, flags?: string[]): Promise<ReturnType<typeof startPlimsoll>>;
}

async function onMachines(body: (scene: Scene) => Promise<void>) {
  await using folder = await tempFolder();
  await using network = makeNetwork(WORKERS);
  await using hub = await startHub({ tls: true, address: network.second, before: network.on(0) });
  const port = freePort();
  const main = fileURLToPath(new URL("./target_main.ts", import.meta.url));
  const asked = join(folder.path, "asked");
  const target = startMarked([
    ...network.on(0),
    ...[Deno.execPath(), "run", "-A", "--no-lock", main, network.address, `${port}`, `${CPU_MS}`, asked],
  ]);
  const url = `http://${network.address}:${port}/`;
  const consent = `--i-may-load-test=${network.address}:${port}`;
  await until(() => target.processes().some(({ command }) => command.startsWith(Deno.execPath())));
  const { pid } = target.processes().find(({ command }) => command.startsWith(Deno.execPath()))!;
  try {
    await body({
      ...{ folder: folder.path, network, hub, url, asked, target_pid: pid },
      worker: (machine, args = [consent]) =>
        startWorker(hub, `w${machine}`, { capacity: 100, args, before: network.on(machine) }),
      async sweep(out, plan, flags = [...hub.flags, "--workers", `${WORKERS}`]) {
        const path = await writePlan(folder.path, { ...PLAN, ...plan, url, target_pid: pid });
        const env = Object.entries(hub.env).map((pair) => pair.join("="));
        return startPlimsoll(["sweep", path, "--out", out, consent, ...flags], [...network.on(0), "env", ...env]);
      },
    });
  } finally {
    target.kill();
    await target.output();
  }
}

/** Every session of every accepted attempt has its rows, and all shares began together. */
async function assertTogether(out: string): Promise<number> {
  const { attempts } = await load(out);
  let worst_ms = 0;
  for (const { seal, requests, path } of attempts) {
    assert.equal(new Set(requests.map(({ session }) => session)).size, seal.level, path);
    for (const [name, { rows }] of Object.entries(seal.files)) assert.equal(assertWhole(join(out, path, name)), rows);
    assert.equal(seal.shares!.length, WORKERS);
    // All have the clock of one kernel, so that what they say can be compared.
    const began_ms = seal.shares!.map(({ intended_at, start_late_ms }) => Date.parse(intended_at) + start_late_ms);
    worst_ms = Math.max(worst_ms, Math.max(...began_ms) - Math.min(...began_ms));
  }
  assert(worst_ms <= MOST_SKEW_MS, `shares began ${worst_ms} ms apart`);
  return worst_ms;
}

async function endAll(workers: RunningWorker[]) {
  for (const worker of workers) {
    worker.kill("SIGTERM");
    assert.equal((await worker.ended()).code, 0, worker.said());
  }
}

Deno.test({
  name: "three workers over a network begin together, and the costs are those that one machine finds",
  ...onNetwork,
  fn: () =>
    onMachines(async ({ folder, worker, sweep }) => {
      const one = join(folder, "one");
      const alone = await (await sweep(one, {}, [])).ended();
      assert.equal(alone.code, 0, alone.stderr);
      const workers = [await worker(1), await worker(2), await worker(3)];
      const many = join(folder, "many");
      const together = await (await sweep(many, {})).ended();
      assert.equal(together.code, 0, together.stderr);
      await assertTogether(many);
      const summaries = await Promise.all([one, many].map(async (run) => summarise(await load(run)).levels));
      const [single, shared] = summaries.map((levels) => fitDemand(levels, "target_cores"));
      const top = PLAN.levels.at(-1)!;
      const found = evaluate(shared, top).estimate;
      const [lower, upper] = evaluate(single, top).prediction;
      assert(found >= lower && found <= upper, `${found} cores, and one machine says ${lower} to ${upper}`);
      await endAll(workers);
    }),
});

Deno.test({
  name: "three workers over a network drive browsers, which cost what they and the target cost with one machine",
  ...onNetwork,
  fn: () =>
    onMachines(async ({ folder, worker, sweep }) => {
      const plan = { mode: "playwright", replicates: 2, pace_ms: 1000, duration_ms: 4000 } as const;
      const one = join(folder, "one");
      const alone = await (await sweep(one, { ...plan, levels: [2, 4, 8] }, [])).ended();
      assert.equal(alone.code, 0, alone.stderr);
      const workers = [await worker(1), await worker(2), await worker(3)];
      const many = join(folder, "many");
      const { code, stderr, end } = await (await sweep(many, { ...plan, levels: [3, 6, 9] })).ended();
      assert.equal(code, 0, stderr);
      assert.deepEqual(end!.attempts, { complete: 6, failing: 0, planned: 6 });
      await assertTogether(many);
      const { provenance } = (await load(many)).info;
      assert.equal(provenance.shares!.length, WORKERS);

      const [single, shared] = await Promise.all([one, many].map(async (run) => summarise(await load(run))));
      const agrees = (found: MetricFit, sessions: number) => {
        const { estimate } = evaluate(found, sessions);
        const { prediction: [lower, upper] } = evaluate(fitDemand(single.levels, found.metric), sessions);
        assert(
          estimate >= lower && estimate <= upper,
          `${found.metric} at ${sessions}: ${estimate}, and one machine says ${lower} to ${upper}`,
        );
      };
      agrees(fitDemand(shared.levels, "target_cores"), 8);
      // A worker's browser serves 1, 2 and 3 of the sessions. Pages that browsers of one machine share are no one's alone, so that
      // memory is compared with all of them.
      for (const metric of ["browser_cores", "browser_rss_bytes"]) {
        const { fit, by_worker } = fitWorkers(shared.workers!, metric);
        assert.equal(by_worker.length, WORKERS);
        agrees(fit, 3);
      }
      assert(shared.warnings.some((text) => /3 workers ran on one machine/.test(text)), shared.warnings.join("\n"));
      await endAll(workers);
    }),
});

const partitions: [string, (network: Network) => void, (network: Network) => void][] = [
  [
    "whose cable is pulled",
    (network) => network.run(0, `ip link set ${network.cable(2)} down`),
    (network) => network.run(0, `ip link set ${network.cable(2)} up`),
  ],
  [
    "that reaches the target and not the hub",
    (network) => network.run(2, `ip route add blackhole ${network.second}/32`),
    (network) => network.run(2, `ip route del blackhole ${network.second}/32`),
  ],
];
for (const [what, cut, mend] of partitions) {
  Deno.test({
    name: `a worker ${what} stops its own load, and its attempt is repeated when it is there again`,
    ...onNetwork,
    fn: () =>
      onMachines(async ({ folder, network, worker, sweep, asked }) => {
        const workers = [await worker(1), await worker(2), await worker(3)];
        const out = join(folder, "run");
        const running = await sweep(out, {
          levels: [6],
          replicates: 1,
          duration_ms: 8000,
          requests: [{ name: "get", method: "GET", path: "/", headers: { "user-agent": "session-{session}" } }],
        });
        const failed = () => manifestOf(out).filter((line) => line.event === "attempt_failed");
        await until(() => manifestOf(out).some((line) => line.event === "attempt_started" && !line.discarded));
        const before = lines(asked).length;
        await until(() => lines(asked).length > before + 20);
        cut(network);
        await until(() => !workers[1].processes().some(({ command }) => command.includes("http_agent")));
        // Sessions 1 and 4 were its: they are not heard of any more, though the target may still be there for it.
        const silent = lines(asked).length;
        await until(() => failed().length === 1);
        assert(
          lines(asked).slice(silent).every((line) => !/session-[14]$/.test(line)),
          "it went on, though nobody could tell it to stop",
        );
        mend(network);
        const { code, stderr, end } = await running.ended();
        assert.equal(code, 0, stderr);
        assert.deepEqual(end!.attempts, { complete: 1, failing: 0, planned: 1 });
        assert.equal(failed().length, 1, JSON.stringify(failed()));
        await assertTogether(out);
        await endAll(workers);
      }),
  });
}

Deno.test({
  name: "a worker whose user does not consent drives nothing, whatever the sweep's user said",
  ...onNetwork,
  fn: () =>
    onMachines(async ({ folder, worker, sweep, asked }) => {
      const workers = [await worker(1), await worker(2), await worker(3, [])];
      const out = join(folder, "run");
      const { code, stderr } = await (await sweep(out, {
        levels: [6],
        replicates: 1,
        requests: [{ name: "get", method: "GET", path: "/", headers: { "user-agent": "session-{session}" } }],
      })).ended();
      assert.equal(code, 2, stderr);
      assert.match(stderr, /worker w3: .*--i-may-load-test/);
      assert.deepEqual(lines(asked).filter((line) => /session-[25]$/.test(line)), []);
      await endAll(workers);
    }),
});
