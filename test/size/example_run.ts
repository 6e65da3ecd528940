import type { LevelSummary, RunSummary } from "../../src/schema/mod.ts";

/** One mebibyte. */
export const MIB = 2 ** 20;

/**
 * A run without any error, so that estimates and bounds can be worked out by hand:
 * serving 0.5 + 0.4·N cores and 200 + 30·N MiB (of which browsers, if there are any, 0.4 + 0.3·N cores and 120 + 20·N MiB), the
 * generator 0.05 + 0.02·N cores and 100 + 2·N MiB, the whole machine 1 + 0.5·N cores and 1000 + 40·N MiB, 36 MB of
 * artifacts a session-hour in snapshots of 100 kB, 1 kB/s of network a session.
 */
export function exampleRun(options: { mode?: RunSummary["mode"]; levels?: number[] } = {}): RunSummary {
  const { mode = "playwright", levels = [1, 2, 4, 8, 16] } = options;
  return {
    run: "runs/example",
    mode,
    url: "http://127.0.0.1:8000/",
    size_groups: mode === "http" ? ["target"] : ["target", "browser"],
    capacity: { cores: 8, memory_bytes: 16 * 1024 * MIB },
    baseline: { os_cores: 0.02, os_memory_bytes: 512 * MIB, drift_cores: 0 },
    levels: levels.flatMap((level) => [1, 2].map((replicate) => measured(level, replicate, mode))),
    ...(mode === "http" ? {} : { screenshots: { format: "jpeg" as const, quality: 70 } }),
    warnings: [],
  };
}

function measured(level: number, replicate: number, mode: RunSummary["mode"]): LevelSummary {
  return {
    level,
    replicate,
    attempt: 1,
    sessions: level,
    window_s: 30,
    requests: 30 * level,
    metrics: {
      serving_cores: 0.5 + 0.4 * level,
      serving_memory_bytes: (200 + 30 * level) * MIB,
      ...(mode === "http" ? { target_cores: 0.5 + 0.4 * level, target_memory_bytes: (200 + 30 * level) * MIB } : {
        target_cores: 0.1 + 0.1 * level,
        target_memory_bytes: (80 + 10 * level) * MIB,
        browser_cores: 0.4 + 0.3 * level,
        browser_memory_bytes: (120 + 20 * level) * MIB,
      }),
      generator_cores: 0.05 + 0.02 * level,
      generator_memory_bytes: (100 + 2 * level) * MIB,
      system_cores: 1 + 0.5 * level,
      system_memory_mean_bytes: (1000 + 40 * level) * MIB,
      network_bytes_per_s: 1000 * level,
      artifact_bytes_per_hour: mode === "http" ? 0 : 36e6 * level,
      ...(mode === "http" ? {} : { bytes_per_snapshot: 100e3 }),
      throughput: level,
    },
    flags: [],
  };
}
