import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePlan } from "../../src/plan/mod.ts";
import { Recorder } from "../../src/run/recorder.ts";
import type { RequestRow } from "../../src/schema/rows.ts";
import type { AttemptSeal, FileSeal, ManifestLine, Provenance } from "../../src/schema/run.ts";
import { seededRandom } from "../../src/stats/mod.ts";

const STEPS = ["frame", "say"];
const PACE_MS = 3334;
const WARMUP_MS = 2 * PACE_MS;
const SAMPLE_MS = 250;
const GROUPS = ["target", "generator", "system"] as const;
const STARTED_AT = Date.parse("2026-01-01T00:00:00.000Z");

/** How large a run {@linkcode makeRun} makes. */
export interface RunSize {
  /** 5, 15, 25, … sessions: so many levels. */
  levels: number;
  /** Of each level. */
  replicates: number;
  /** Of each session of each attempt: 2 rows each, and 40 rows of resources. */
  iterations: number;
}

/** Rows of a run of a size. */
export function rowsOf({ levels, replicates, iterations }: RunSize): { requests: number; resources: number } {
  const sessions = replicates * 5 * levels ** 2;
  return {
    requests: sessions * iterations * STEPS.length,
    resources: levels * replicates * samplesOf(iterations) * GROUPS.length,
  };
}

/**
 * Writes a run directory as a sweep would, by the recorder that a sweep uses: seals with hashes, a manifest, a run to warm up, an
 * attempt that failed. Its rows are drawn, and those of a seed are always the same.
 *
 * @param folder Is made.
 */
export function makeRun(folder: string, size: RunSize): void {
  mkdirSync(folder, { recursive: true });
  const levels = Array.from({ length: size.levels }, (_, index) => 5 + 10 * index);
  const duration_ms = size.iterations * PACE_MS;
  const plan = makePlan({
    url: "http://127.0.0.1:8000/",
    levels,
    replicates: size.replicates,
    duration_ms: Math.max(1000, duration_ms - WARMUP_MS),
    warmup_ms: WARMUP_MS,
    pace_ms: PACE_MS,
    sample_interval_ms: SAMPLE_MS,
    requests: STEPS.map((name) => ({ name, method: "GET" as const, path: `/${name}` })),
  });
  const manifest: ManifestLine[] = [];
  let now = STARTED_AT;
  const line = (of: Record<string, unknown>) =>
    manifest.push({ at: new Date(now++).toISOString(), ...of } as ManifestLine);
  line({ event: "sweep_started", plan_sha256: "0".repeat(64) });
  const part = (level: number, replicate: number, attempt: number, seed: number) => {
    const path = `levels/${level}/r${replicate}/a${attempt}`;
    const key = { level, replicate, attempt, path };
    line({ event: "attempt_started", ...key, ...(replicate === 0 ? { discarded: true } : {}) });
    const started_at = new Date(now).toISOString();
    const iterations = replicate === 0 ? Math.min(2, size.iterations) : size.iterations;
    const files = writeAttempt(join(folder, path), { level, iterations, seed });
    now += iterations * PACE_MS;
    return { key, started_at, files, window: { from_ms: WARMUP_MS, to_ms: iterations * PACE_MS - SAMPLE_MS } };
  };
  const seal = ({ key: { path, ...key }, ...rest }: ReturnType<typeof part>) => {
    const document: AttemptSeal = { kind: "level", state: "complete", ...rest, ...key };
    writeFileSync(join(folder, path, "COMPLETE.json"), JSON.stringify(document, null, 2));
    line({ event: "attempt_complete", ...key, path, state: "complete" });
  };
  let seed = 1;
  seal(part(levels[0], 0, 1, seed++));
  const failed = part(levels[0], 1, 1, seed++);
  line({ event: "attempt_failed", ...failed.key, reason: "the sampler ended" });
  for (let replicate = 1; replicate <= size.replicates; replicate++) {
    for (const level of levels) seal(part(level, replicate, level === levels[0] && replicate === 1 ? 2 : 1, seed++));
  }
  line({ event: "sweep_complete" });
  writeFileSync(join(folder, "manifest.jsonl"), manifest.map((each) => `${JSON.stringify(each)}\n`).join(""));
  writeFileSync(join(folder, "plan.json"), JSON.stringify(plan, null, 2));
  writeFileSync(join(folder, "provenance.json"), JSON.stringify(PROVENANCE, null, 2));
}

function samplesOf(iterations: number): number {
  return Math.ceil(iterations * PACE_MS / SAMPLE_MS);
}

function writeAttempt(
  folder: string,
  of: { level: number; iterations: number; seed: number },
): Record<string, FileSeal> {
  mkdirSync(folder, { recursive: true });
  const random = seededRandom(of.seed);
  const record = (name: string, write: (rows: Recorder) => void) => {
    const rows = new Recorder(join(folder, name));
    write(rows);
    return rows.close();
  };
  return {
    "requests.jsonl": record("requests.jsonl", (rows) => writeRequests(rows, of, random)),
    "events.jsonl": record("events.jsonl", (rows) => {
      const end_ms = of.iterations * PACE_MS;
      for (let session = 0; session < of.level; session++) rows.add({ t_ms: 0, event: "session_start", session });
      rows.add({ t_ms: end_ms, event: "generator", loop_lag_p99_ms: 1, start_late_p99_ms: 2 });
      for (let session = 0; session < of.level; session++) rows.add({ t_ms: end_ms, event: "session_end", session });
    }),
    "resources.jsonl": record("resources.jsonl", (rows) => writeResources(rows, of, random)),
  };
}

/** Sessions in the order of their phases, slot by slot; one step in 300 fails. */
function writeRequests(rows: Recorder, of: { level: number; iterations: number }, random: () => number): void {
  const phases_ms = Array.from({ length: of.level }, () => PACE_MS * random()).sort((a, b) => a - b);
  const service_ms = 8 + of.level / 20;
  const row: Omit<RequestRow, "seq"> = {
    session: 0,
    iteration: 0,
    step: "",
    scheduled_ms: 0,
    started_ms: 0,
    duration_ms: 0,
    outcome: "ok",
    status: 200,
    bytes_in: 0,
    bytes_out: 0,
  };
  for (row.iteration = 0; row.iteration < of.iterations; row.iteration++) {
    for (row.session = 0; row.session < of.level; row.session++) {
      row.scheduled_ms = phases_ms[row.session] + row.iteration * PACE_MS;
      for (row.step of STEPS) {
        const failed = random() < 1 / 300;
        row.started_ms = row.scheduled_ms - 0.4 * Math.log(1 - random());
        row.duration_ms = service_ms * (0.4 - Math.log(1 - random()));
        row.outcome = failed ? "http_error" : "ok";
        row.status = failed ? 503 : 200;
        row.bytes_in = Math.floor(2000 + 300 * random());
        row.bytes_out = 104 + String(row.iteration).length;
        rows.addRequest(row);
        row.scheduled_ms = row.started_ms + row.duration_ms;
      }
    }
  }
}

/** With the keys, and in the order, of a sampler on Linux. */
function writeResources(rows: Recorder, of: { level: number; iterations: number }, random: () => number): void {
  const busy = { target: 0, generator: 0, system: 1e6 };
  const ms = (value: number) => Math.round(1000 * value) / 1000;
  for (let sample = 0; sample < samplesOf(of.iterations); sample++) {
    const late_ms = ms(3 * random());
    const t_ms = sample * SAMPLE_MS + late_ms;
    busy.target += 10 * Math.round(SAMPLE_MS * of.level * (0.0003 + 0.0001 * random()));
    busy.generator += 10 * Math.round(SAMPLE_MS * of.level * 0.0001 * random());
    busy.system += 10 * Math.round(SAMPLE_MS * (0.01 + of.level * (0.0004 + 0.0002 * random())));
    for (const group of ["target", "generator"] as const) {
      rows.add({
        t_ms,
        group,
        cpu_ms: busy[group],
        processes: 1,
        hottest_thread_cpu_ms: busy[group],
        // PSS is read at a lower rate.
        ...(sample % 4 === 0
          ? { memory_bytes: 50e6 + 4096 * Math.floor(500 * of.level * random()), memory_kind: "pss" }
          : {}),
      });
    }
    const used = 500e6 + 4096 * Math.floor(1e4 * random());
    const [sent, bytes] = [1e6 + sample * of.level * 100, sample * of.level * 4096];
    rows.add({
      t_ms,
      group: "system",
      processes: 69,
      cpu_ms: busy.system,
      core_busy_ms: [busy.system / 2 - 10, busy.system / 2 + 10],
      steal_ms: 100,
      throttled_ms: 0,
      memory_bytes: used,
      memory_kind: "system",
      memory_used_bytes: used,
      memory_available_bytes: 25e9 - used,
      network_received_bytes: 8e8 + sample * 100,
      network_sent_bytes: sent,
      network_loopback_bytes: bytes,
      disk_read_bytes: 5e9,
      disk_written_bytes: 5e9 + bytes,
      pressure_cpu_ms: ms(busy.system / 10),
      pressure_memory_ms: 0,
      pressure_io_ms: ms(sample / 7),
      mhz: 2596,
      artifact_bytes: {},
      late_ms,
      sampler_cpu_ms: ms(75 + sample / 3),
    });
  }
}

const PROVENANCE: Provenance = {
  plimsoll_version: "0.1.0",
  deno_version: Deno.version.deno,
  lockfile_sha256: "0".repeat(64),
  git_revision: "unknown",
  started_at: new Date(STARTED_AT).toISOString(),
  os: "Linux",
  kernel: "unknown",
  cpu_model: "none: these rows were drawn",
  vcpus: 64,
  threads_per_core: 1,
  governor: "unknown",
  memory_bytes: 256 * 2 ** 30,
  cgroup_limits: {},
  time_source: "tsc",
  sampler: "linux",
  target: "http://127.0.0.1:8000/",
  resolved_addresses: ["127.0.0.1"],
  seed: 1,
  plan_sha256: "0".repeat(64),
  environment: [],
};
