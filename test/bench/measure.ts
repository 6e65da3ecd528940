import { appendFileSync } from "node:fs";
import process from "node:process";
import { mean, median } from "simple-statistics";
import { Recorder } from "../../src/run/recorder.ts";
import { LinuxSampler, PortableSampler, type Sampler } from "../../src/sample/mod.ts";
import { textTable } from "../../src/cli/text_table.ts";
import { Peers } from "./peers.ts";
import { type BenchOptions, type Goal, goalsTable } from "./rounds.ts";

const PROCESSES = 200;
const SAMPLES = 24;
const EVERY_MS = 625;
/** What the processes do: nothing, or a little four times a second. */
const KINDS = {
  asleep: ["sleep", "600"],
  awake: ["perl", "-e", "select(undef, undef, undef, 0.25) while 1"],
};
const ROWS = 200_000;
const ROUNDS = 5;

const OURS = "/proc, with PSS as due";
const PSUTIL_WALK = "psutil, walking the tree, with RSS";
const PORTABLE = "systeminformation";

/** Sampling a tree of processes at its usual rate, and writing request rows. */
export async function bench({ quick }: BenchOptions): Promise<void> {
  using samplers = await Samplers.start(new Peers());
  const goals: Goal[] = [];
  for (const kind of Object.keys(KINDS) as (keyof typeof KINDS)[]) {
    const cost = await benchSampling(kind, samplers, quick ? { processes: 10, samples: 2 } : {});
    const times = (name: string) => cost(OURS) / cost(name);
    goals.push(
      { what: `CPU a sample, ${kind} / psutil's`, measured: times(PSUTIL_WALK), sense: "<=", wanted: 0.25 },
      { what: `CPU a sample, ${kind} / systeminformation's`, measured: times(PORTABLE), sense: "<=", wanted: 0.02 },
    );
  }

  const folder = await Deno.makeTempDir();
  const rows = quick ? ROWS / 20 : ROWS;
  const rounds = quick ? 1 : ROUNDS;
  try {
    const ours: number[] = [];
    const naive: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(rowsPerSecond(rows, () => {
        const recorder = new Recorder(`${folder}/ours-${round}.jsonl`);
        for (let seq = 0; seq < rows; seq++) recorder.addRequest(requestRow(seq));
        recorder.close();
      }));
      naive.push(rowsPerSecond(rows / 20, () => {
        for (let seq = 0; seq < rows / 20; seq++) {
          appendFileSync(`${folder}/naive-${round}.jsonl`, JSON.stringify({ seq, ...requestRow(seq) }) + "\n");
        }
      }));
    }
    const [fast, slow] = [median(ours), median(naive)];
    console.log(`Request rows written a second, ${rows.toLocaleString("en")} of them, median of ${rounds}\n`);
    console.log(
      textTable(["writer", "rows/s", "ratio"], [
        ["recorder: batches, sha256, synced", Math.round(fast).toLocaleString("en"), "1"],
        ["appendFileSync a row, no hash, not synced", Math.round(slow).toLocaleString("en"), (slow / fast).toFixed(2)],
      ], [1, 2]) + "\n",
    );
    goals.push({ what: "request rows recorded a second", measured: fast, sense: ">=", wanted: 1_000_000 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log(goalsTable(goals) + "\n");
}

/** CPU of one sample of the same processes by each sampler, all of them in each round; the median of each, NaN if it is not there [ms]. */
async function benchSampling(
  kind: keyof typeof KINDS,
  { all }: Samplers,
  { processes = PROCESSES, samples = SAMPLES }: { processes?: number; samples?: number },
): Promise<(name: string) => number> {
  const [program, ...args] = KINDS[kind];
  const children = Array.from({ length: processes }, () => new Deno.Command(program, { args }).spawn());
  const costs = new Map(all.map(({ name }) => [name, [] as number[]]));
  try {
    for (let n = 0; n <= samples; n++) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      for (const { name, sample } of all) {
        const cost_ms = await sample(Deno.pid);
        // The first sample finds everything new.
        if (n > 0) costs.get(name)!.push(cost_ms);
      }
    }
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map((child) => child.status));
  }
  const cost = (name: string) => costs.has(name) ? median(costs.get(name)!) : NaN;
  const rows = [...costs].map(([name, each]) => [
    name,
    median(each).toFixed(1),
    mean(each).toFixed(1),
    (cost(name) / cost(OURS)).toFixed(1),
  ]);
  console.log(
    `CPU of one sample [ms]: ${processes} processes, ${kind}; one every ${EVERY_MS} ms, ${samples} of them\n`,
  );
  console.log(textTable(["sampler", "median", "mean", "its / ours"], rows, [1, 2, 3]) + "\n");
  return cost;
}

const PSUTIL = `
import sys, time, psutil
for line in sys.stdin:
    before = time.process_time()
    root = psutil.Process(int(line)); cpu = rss = 0
    for process in [root, *root.children(recursive=True)]:
        try:
            with process.oneshot():
                times = process.cpu_times(); cpu += times.user + times.system; rss += process.memory_info().rss
        except psutil.NoSuchProcess:
            pass
    print((time.process_time() - before) * 1000, flush=True)
`;

/** Samplers, each in a process of its own, as they would run; told a process id, they sample its tree and say what that cost. */
class Samplers implements Disposable {
  readonly all: { name: string; sample: (pid: number) => Promise<number> }[] = [];
  #children: Deno.ChildProcess[] = [];

  static async start(peers: Peers): Promise<Samplers> {
    const samplers = new Samplers();
    const own = ["run", "-A", "--quiet", new URL(import.meta.url).pathname];
    samplers.#add(OURS, Deno.execPath(), [...own, "linux"]);
    samplers.#add(PORTABLE, Deno.execPath(), [...own, "portable"]);
    const psutil = await peers.command("psutil");
    if (psutil) samplers.#add(PSUTIL_WALK, psutil[0], ["-c", PSUTIL]);
    return samplers;
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill("SIGKILL");
  }

  #add(name: string, program: string, args: string[]): void {
    const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
    this.#children.push(child);
    const stdin = child.stdin.getWriter();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.all.push({
      name,
      async sample(pid) {
        await stdin.write(new TextEncoder().encode(`${pid}\n`));
        return Number((await lines.read()).value);
      },
    });
  }
}

/** One of the samplers: says what each sample costs, children included [ms]. */
async function sampleWhenTold(sampler: Sampler): Promise<void> {
  const start_ms = performance.now();
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const before = cpuWithChildren();
    const roots = { target: [], generator: [Number(text)], browser_agents: [] };
    await sampler.sample(roots, performance.now() - start_ms);
    console.log(cpuWithChildren() - before);
  }
}

function cpuWithChildren(): number {
  const { user, system } = process.cpuUsage();
  const fields = Deno.readTextFileSync("/proc/self/stat").split(") ")[1].split(" ").map(Number);
  return (user + system) / 1000 + 10 * (fields[13] + fields[14]);
}

function rowsPerSecond(rows: number, write: () => void): number {
  const start_ms = performance.now();
  write();
  return rows / ((performance.now() - start_ms) / 1000);
}

function requestRow(n: number) {
  return {
    session: n % 100,
    iteration: Math.floor(n / 100),
    step: "frame",
    scheduled_ms: n * 1.25,
    started_ms: n * 1.25 + 0.125,
    duration_ms: 3.5 + (n % 7),
    outcome: "ok" as const,
    status: 200,
    bytes_in: 2191,
    bytes_out: 105,
  };
}

if (import.meta.main) await sampleWhenTold(Deno.args[0] === "linux" ? new LinuxSampler() : new PortableSampler());
