import { appendFileSync } from "node:fs";
import process from "node:process";
import { mean, median } from "simple-statistics";
import { Recorder } from "../../src/run/recorder.ts";
import { LinuxSampler, PortableSampler, type Sampler } from "../../src/sample/mod.ts";
import { textTable } from "../../src/cli/text_table.ts";

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

/** Sampling a tree of processes at its usual rate, and writing request rows. */
export async function bench(): Promise<void> {
  using samplers = await Samplers.start();
  for (const kind of Object.keys(KINDS) as (keyof typeof KINDS)[]) await benchSampling(kind, samplers);

  const folder = await Deno.makeTempDir();
  try {
    const ours: number[] = [];
    const naive: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(rowsPerSecond(() => {
        const recorder = new Recorder(`${folder}/ours-${round}.jsonl`);
        for (let seq = 0; seq < ROWS; seq++) recorder.add(requestRow(seq));
        recorder.close();
      }));
      naive.push(
        rowsPerSecond(() => {
          for (let seq = 0; seq < ROWS / 20; seq++) {
            appendFileSync(`${folder}/naive-${round}.jsonl`, JSON.stringify({ seq, ...requestRow(seq) }) + "\n");
          }
        }) / 20,
      );
    }
    const [fast, slow] = [median(ours), median(naive)];
    console.log(`Request rows written a second, median of ${ROUNDS}\n`);
    console.log(textTable(["writer", "rows/s", "ratio"], [
      ["recorder: batches, sha256, synced", Math.round(fast).toLocaleString("en"), "1"],
      ["appendFileSync a row, no hash, not synced", Math.round(slow).toLocaleString("en"), (slow / fast).toFixed(2)],
    ], [1, 2]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** CPU of one sample of the same processes by each sampler, all of them in each round. */
async function benchSampling(kind: keyof typeof KINDS, { all, missing }: Samplers): Promise<void> {
  const [program, ...args] = KINDS[kind];
  const children = Array.from({ length: PROCESSES }, () => new Deno.Command(program, { args }).spawn());
  const costs = new Map(all.map(({ name }) => [name, [] as number[]]));
  try {
    for (let n = 0; n <= SAMPLES; n++) {
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
  const own = median(costs.get(all[0].name)!);
  const rows = [...costs].map(([name, each]) => [
    name,
    median(each).toFixed(1),
    mean(each).toFixed(1),
    (median(each) / own).toFixed(1),
  ]);
  console.log(
    `CPU of one sample [ms]: ${PROCESSES} processes, ${kind}; one every ${EVERY_MS} ms, ${SAMPLES} of them\n`,
  );
  console.log(textTable(["sampler", "median", "mean", "ratio of medians"], rows, [1, 2, 3]));
  console.log(missing);
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
  missing = "";
  #children: Deno.ChildProcess[] = [];
  #folder = Deno.makeTempDirSync();

  static async start(): Promise<Samplers> {
    const samplers = new Samplers();
    const own = ["run", "-A", "--quiet", new URL(import.meta.url).pathname];
    samplers.#add("/proc, with PSS as due", Deno.execPath(), [...own, "linux"]);
    samplers.#add("systeminformation", Deno.execPath(), [...own, "portable"]);
    if (await samplers.#install()) {
      samplers.#add("psutil, walking the tree, with RSS", `${samplers.#folder}/bin/python`, ["-c", PSUTIL]);
    } else samplers.missing = "psutil is left out: there is no Python that can install it\n";
    return samplers;
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill("SIGKILL");
    Deno.removeSync(this.#folder, { recursive: true });
  }

  async #install(): Promise<boolean> {
    for (const line of [`python3 -m venv ${this.#folder}`, `${this.#folder}/bin/pip install -q psutil`]) {
      const [program, ...args] = line.split(" ");
      const end = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output();
      if (!(await end.catch(() => ({ success: false }))).success) return false;
    }
    return true;
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

function rowsPerSecond(write: () => void): number {
  const start_ms = performance.now();
  write();
  return ROWS / ((performance.now() - start_ms) / 1000);
}

function requestRow(n: number) {
  return {
    session: n % 100,
    iteration: Math.floor(n / 100),
    step: "frame",
    scheduled_ms: n * 1.25,
    started_ms: n * 1.25 + 0.125,
    duration_ms: 3.5 + (n % 7),
    outcome: "ok",
    status: 200,
    bytes_in: 2191,
    bytes_out: 105,
  };
}

if (import.meta.main) await sampleWhenTold(Deno.args[0] === "linux" ? new LinuxSampler() : new PortableSampler());
