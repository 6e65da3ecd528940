import { appendFileSync } from "node:fs";
import process from "node:process";
import { median } from "simple-statistics";
import { Recorder } from "../../src/run/recorder.ts";
import { LinuxSampler, PortableSampler, type Sampler } from "../../src/sample/mod.ts";
import { textTable } from "../../src/cli/text_table.ts";

const PROCESSES = 60;
const SAMPLES = 12;
const EVERY_MS = 600;
const ROWS = 200_000;
const ROUNDS = 5;

/** Sampling a tree of processes at its usual rate, and writing request rows. */
export async function bench(): Promise<void> {
  const children = Array.from({ length: PROCESSES }, () => new Deno.Command("sleep", { args: ["120"] }).spawn());
  try {
    const linux = await costOfSampling(new LinuxSampler());
    const portable = await costOfSampling(new PortableSampler());
    const rows = [
      [`/proc, ${PROCESSES} processes, PSS as due`, linux.toFixed(1), "1"],
      [`systeminformation, ${PROCESSES} processes`, portable.toFixed(1), (portable / linux).toFixed(1)],
    ];
    console.log(`CPU of one sample [ms], children's included, one every ${EVERY_MS} ms, mean of ${SAMPLES}\n`);
    console.log(textTable(["sampler", "CPU ms", "ratio"], rows, [1, 2]), "\n");
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map((child) => child.status));
  }

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

/** CPU time of one sample [ms], with that of processes that the sampler starts. */
async function costOfSampling(sampler: Sampler): Promise<number> {
  const roots = { target: [], generator: [Deno.pid], browser_agents: [] };
  await sampler.sample(roots, 0);
  const before = cpuWithChildren();
  for (let n = 1; n <= SAMPLES; n++) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    await sampler.sample(roots, n * EVERY_MS);
  }
  return (cpuWithChildren() - before) / SAMPLES;
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
