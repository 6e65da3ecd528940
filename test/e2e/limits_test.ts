/** Targets, machines and generators at their limits for real: who is flagged, and who is not. */
import assert from "node:assert/strict";
import { cpus } from "node:os";
import { join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { startStreamer, type StreamerSettings } from "../../src/demo/mod.ts";
import { type LevelSummary, type ProgressEvent, sweep } from "../../src/mod.ts";
import { makeCgroup } from "../sample/make_cgroup.ts";
import { tempFolder } from "../temp_folder.ts";

const linux = { ignore: Deno.build.os !== "linux" };
const PACE_MS = 200;
const FRAME = { name: "frame", method: "GET", path: "/api/frame?viewer={session}" } as const;

interface Setting {
  streamer: Partial<StreamerSettings>;
  /** What a request takes of the bottleneck [ms]. */
  cost_ms: number;
  /** What there is of it: cores, or locks. */
  capacity: number;
  /** Sessions that ask for at most 60 % of it, and for at least 110 %. */
  levels: [free: number, full: number];
  /** Puts the Streamer into a cgroup with such a limit [cores]. */
  limit_cores?: number;
}

/** The target in each is one thread. One after the other: what else this process starts would count as its generator. */
const SETTINGS: Record<string, Setting> = {
  "6 ms of CPU a request": { streamer: { cpu_ms: 6 }, cost_ms: 6, capacity: 1, levels: [15, 38] },
  "a lock of 10 ms, the machine idle": {
    streamer: { cpu_ms: 0.1, lock_ms: 10 },
    cost_ms: 10,
    capacity: 1,
    levels: [10, 24],
  },
  "20 ms of CPU a request in a cgroup of half a core": {
    streamer: { cpu_ms: 20 },
    cost_ms: 20,
    capacity: 0.5,
    levels: [2, 6],
    limit_cores: 0.5,
  },
};

async function measure(setting: Setting, out: string): Promise<LevelSummary[]> {
  await using cgroup = setting.limit_cores ? await makeCgroup() : undefined;
  await using streamer = await startStreamer({ broadcast: false, memory_mb: 0, ...setting.streamer });
  if (cgroup) {
    const quota = setting.limit_cores! * 100_000;
    cgroup.set("cpu.cfs_period_us", "100000");
    cgroup.set("cpu.cfs_quota_us", `${quota}`);
    cgroup.set("cpu.max", `${quota} 100000`);
    cgroup.add(streamer.pid);
  }
  return await sweepOf(streamer, setting.levels, out, { duration_ms: 5000, warmup_ms: 1000 });
}

async function sweepOf(
  streamer: { url: string; pid: number },
  levels: number[],
  out: string,
  times: { duration_ms: number; warmup_ms: number },
  onProgress?: (event: ProgressEvent) => void,
): Promise<LevelSummary[]> {
  const end = await sweep({
    url: streamer.url,
    levels,
    replicates: 1,
    idle_ms: 1000,
    pace_ms: PACE_MS,
    requests: [FRAME],
    target_pid: streamer.pid,
    ...times,
  }, { out, onProgress });
  assert.equal(end.state, "complete", end.reason);
  return summarise(await load(out)).levels;
}

const named = ({ flags }: LevelSummary, name: string) => flags.find((flag) => flag.name === name);

Deno.test({
  name: "a demand of 60 % is never called saturated, one of 110 % always: of a core, of a lock, of a cgroup's limit",
  ...linux,
  fn: async () => {
    await using folder = await tempFolder();
    for (const [index, [what, setting]] of Object.entries(SETTINGS).entries()) {
      const [free, full] = await measure(setting, join(folder.path, `${index}`));
      const demand = ({ level }: LevelSummary) => level * setting.cost_ms / PACE_MS / setting.capacity;
      assert(demand(free) <= 0.5 && demand(full) >= 1.1, "room for what a request costs beside");

      const flags = JSON.stringify([free.flags, full.flags, free.metrics, full.metrics]);
      assert.equal(named(free, "target_saturated"), undefined, `${what} at 60 %: ${flags}`);
      const flag = named(full, "target_saturated");
      // On a machine without a free processor nobody can tell whether a target waits for one or for a lock, or what it would need.
      const busy = full.metrics.system_cores >= 0.9 * cpus().length;
      const starved = full.metrics.throughput < 0.3 * full.level * 1000 / PACE_MS;
      if (busy && (setting.streamer.lock_ms || starved)) {
        assert(named(full, "machine_limited"), `${what}: ${flags}`);
        continue;
      }
      assert(flag, `${what} at 110 %: ${flags}`);
      assert.deepEqual(flag.excluded_from, ["demand"]);
      assert.match(
        flag.reason,
        setting.streamer.lock_ms ? /not delivered|core/ : /target.* %.* (core|time)|target's cores/,
      );
    }
  },
});

Deno.test({
  name: "a machine that others use up, and a generator that is held up, are named, and left out of every fit",
  ...linux,
  fn: async () => {
    await using folder = await tempFolder();
    await using streamer = await startStreamer({ broadcast: false, memory_mb: 0, cpu_ms: 2 });
    const out = join(folder.path, "run");
    using trouble = new Trouble();
    const [hogged, held] = await sweepOf(
      streamer,
      [2, 3],
      out,
      { duration_ms: 4000, warmup_ms: 1000 },
      (event) => event.kind === "phase" && trouble.begin(event.phase === "level" ? event.level : undefined, out),
    );

    const machine = named(hogged, "machine_limited");
    assert(machine, JSON.stringify(hogged));
    assert.match(machine.reason, /the machine was \d+ % busy, the target/);
    assert.deepEqual(machine.excluded_from, ["demand", "throughput"]);
    assert.equal(named(hogged, "target_saturated"), undefined, JSON.stringify(hogged));

    const generator = named(held, "generator_limited");
    assert(generator, JSON.stringify(held));
    assert.match(generator.reason, /the generator's event loop was \d+ ms late/);
    assert.deepEqual(generator.excluded_from, ["demand", "throughput"]);
    assert.equal(named(held, "target_saturated"), undefined, JSON.stringify(held));
  },
});

/** At 2 sessions programs that use every core; at 3 an agent that is stopped for 150 ms of each 300. */
class Trouble implements Disposable {
  #hogs: Deno.ChildProcess[] = [];
  #timer?: ReturnType<typeof setInterval>;

  begin(level: number | undefined, out: string): void {
    this[Symbol.dispose]();
    if (level === 2) {
      for (let n = 0; n < 2 * cpus().length; n++) {
        this.#hogs.push(new Deno.Command("sh", { args: ["-c", "while :; do :; done"] }).spawn());
      }
    }
    if (level === 3) {
      this.#timer = setInterval(() => {
        const pid = agentOf(out);
        if (pid === undefined) return;
        signal(pid, "SIGSTOP");
        setTimeout(() => signal(pid, "SIGCONT"), 150);
      }, 300);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const hog of this.#hogs.splice(0)) hog.kill("SIGKILL");
  }
}

/** The http agent that writes below a folder. */
function agentOf(out: string): number | undefined {
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const command = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      if (command.includes("http_agent.ts") && command.includes(out)) return Number(name);
    } catch { /* it has ended */ }
  }
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch { /* it has ended */ }
}
