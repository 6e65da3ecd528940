import { fitAll } from "../../src/model/mod.ts";
import type { Flag, LevelSummary, ReportDocument, RunSummary, TimelinePoint } from "../../src/schema/mod.ts";
import { size } from "../../src/size/mod.ts";
import { normalQuantile, seededRandom } from "../../src/stats/mod.ts";

/** What a run is simulated from. */
export interface SimulationOptions {
  mode?: RunSummary["mode"];
  levels?: number[];
  replicates?: number;
  targets?: number[];
  seed?: number;
  title?: string;
  url?: string;
}

/** Cores that the simulated machine has. */
const CAPACITY = 8;
const MIB = 2 ** 20;

/** True cost of `n` sessions: browsers are linear, the target's broadcast grows faster. */
const truth = {
  target_cores: (n: number) => 0.02 + 0.012 * n + 0.0012 * n * n,
  browser_cores: (n: number) => 0.05 + 0.061 * n,
  generator_cores: (n: number) => 0.01 + 0.004 * n,
  target_memory_bytes: (n: number) => (92 + 1.4 * n) * MIB,
  browser_memory_bytes: (n: number) => (150 + 58 * n) * MIB,
  network_bytes_per_s: (n: number) => 2000 + 61_000 * n,
  artifact_bytes_per_hour: (n: number) => 21.4e6 * n,
  throughput: (n: number) => n / (1 + 0.018 * (n - 1) + 0.0011 * n * (n - 1)),
};

/** A report on a simulated run: true costs with 3 % error, fitted and sized by the real functions. */
export function simulatedDocument(options: SimulationOptions = {}): ReportDocument {
  const {
    mode = "playwright",
    levels = [1, 2, 4, 8, 16, 24],
    replicates = 3,
    targets = [10, 40, 1000],
    seed = 7,
    title = "Streamer, browser sessions",
    url = "http://127.0.0.1:8000/",
  } = options;
  const random = seededRandom(seed);
  const noisy = (value: number, error = 0.03) => value * Math.exp(error * normalQuantile(0.5 / 2 ** 32 + random()));
  const summary: RunSummary = {
    run: "data/runs/streamer",
    mode,
    url,
    size_groups: mode === "http" ? ["target"] : ["target", "browser"],
    capacity: { cores: CAPACITY, memory_bytes: 16 * 1024 * MIB },
    baseline: { os_cores: 0.03, os_memory_bytes: 410 * MIB, drift_cores: 0.002 },
    levels: levels.flatMap((level) =>
      Array.from({ length: replicates }, (_, index) => replicate(level, index + 1, mode, noisy))
    ),
    warnings: ["Replicate 2 of level 4 needed a second attempt: the browser was lost 3.1 s into the first."],
  };
  const fit = fitAll(summary, { at: targets });
  return {
    schema: "plimsoll.report/1",
    title,
    created_at: "2026-11-22T10:00:00.000Z",
    summary,
    fit,
    sizing: size(summary, fit, { targets }),
    timeline: timeline(summary, noisy),
    provenance: {
      plimsoll_version: "0.1.0",
      deno_version: "2.9.6",
      lockfile_sha256: "0f".repeat(32),
      git_revision: "7158b40",
      started_at: "2026-11-22T09:12:41.000Z",
      os: "Debian GNU/Linux 12",
      kernel: "6.1.0",
      cpu_model: "Simulated CPU",
      vcpus: CAPACITY,
      threads_per_core: 2,
      governor: "performance",
      memory_bytes: 16 * 1024 * MIB,
      cgroup_limits: {},
      time_source: "CLOCK_MONOTONIC",
      sampler: "linux",
      ...(mode === "http" ? {} : {
        browser: { path: "/usr/bin/chromium", version: "Chromium 156.0", source: "system", sandboxed: true },
      }),
      target: url,
      resolved_addresses: ["127.0.0.1"],
      seed,
      plan_sha256: "1a".repeat(32),
      environment: ["PLIMSOLL_BROWSER"],
    },
  };
}

function replicate(
  level: number,
  index: number,
  mode: RunSummary["mode"],
  noisy: (value: number, error?: number) => number,
): LevelSummary {
  const sessions = level * (1 - 0.004 * index);
  const read = (name: keyof typeof truth, error?: number) => noisy(truth[name](sessions), error);
  const metrics: Record<string, number> = {
    target_cores: read("target_cores"),
    generator_cores: read("generator_cores"),
    target_memory_bytes: read("target_memory_bytes", 0.01),
    network_bytes_per_s: read("network_bytes_per_s", 0.01),
    throughput: read("throughput", 0.01),
    error_ratio: 0,
    undelivered_ratio: level >= 24 ? 0.07 : 0,
    latency_ms_p50: noisy(18 + 0.5 * level),
    latency_ms_p95: noisy(31 + 1.9 * level),
    latency_ms_p99: noisy(44 + 4.6 * level, 0.08),
  };
  metrics.serving_cores = metrics.target_cores;
  metrics.serving_memory_bytes = metrics.target_memory_bytes;
  if (mode === "playwright") {
    metrics.browser_cores = read("browser_cores");
    metrics.browser_memory_bytes = read("browser_memory_bytes", 0.015);
    metrics.artifact_bytes_per_hour = read("artifact_bytes_per_hour", 0.01);
    metrics.bytes_per_snapshot = noisy(29_700, 0.01);
    metrics.serving_cores += metrics.browser_cores;
    metrics.serving_memory_bytes += metrics.browser_memory_bytes;
  }
  metrics.system_cores = metrics.serving_cores + metrics.generator_cores + 0.03;
  metrics.system_memory_bytes = metrics.serving_memory_bytes + 500 * MIB;
  const flags: Flag[] = level >= 24
    ? [{
      name: "target_saturated",
      reason: "The target delivers 7 % of the planned iterations late while the machine is 41 % busy",
      excluded_from: ["demand"],
    }]
    : [];
  return {
    level,
    replicate: index,
    attempt: level === 4 && index === 2 ? 2 : 1,
    sessions,
    window_s: 30,
    requests: Math.round(30 * metrics.throughput),
    metrics,
    flags,
  };
}

/** Attempts of 36 s one after another, replicate by replicate; the first 5 s are warm-up; memory is read every 5 s. */
function timeline(summary: RunSummary, noisy: (value: number) => number): TimelinePoint[] {
  const order = summary.levels.toSorted((a, b) => a.replicate - b.replicate || (a.level * 7) % 5 - (b.level * 7) % 5);
  return order.flatMap((level, attempt) =>
    Array.from({ length: 36 }, (_, second) => {
      const ramp = Math.min(1, (second + 1) / 5);
      const groups = (["target", "browser", "generator", "system"] as const)
        .filter((group) => `${group}_cores` in level.metrics);
      return groups.map((group) => ({
        t_s: attempt * 39 + second,
        group,
        cores: noisy(level.metrics[`${group}_cores`] * ramp),
        memory_bytes: second % 5 === 0
          ? (level.metrics[`${group}_memory_bytes`] ?? 70 * MIB) * (0.6 + 0.4 * ramp)
          : null,
        level: level.level,
        replicate: level.replicate,
        steady: second >= 5 && second <= 35,
      }));
    }).flat()
  );
}
