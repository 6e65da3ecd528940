import { join } from "node:path";
import { median } from "simple-statistics";
import { textTable } from "../../src/cli/text_table.ts";
import { startStreamer, type StreamerSettings, VIEWER_REQUESTS } from "../../src/demo/mod.ts";
import { type LevelSummary, load, summarise, sweep } from "../../src/mod.ts";
import { tempFolder } from "../temp_folder.ts";

/** A Streamer whose costs are known, and how it is driven. */
export interface TruthSetting {
  name: string;
  streamer: Partial<StreamerSettings>;
  levels: number[];
}

// Viewers of one level are forgotten before the window of the next.
const BASE = { cpu_ms: 2, memory_mb: 1, broadcast: false, silence_ms: 2000 };

/** Each below saturation, and apart from another one by one cost. */
export const TRUTH_SETTINGS = {
  base: { name: "2 ms a request, 1 MB a viewer", levels: [4, 8], streamer: BASE },
  cheap: { name: "0.5 ms, 1 MB", levels: [4, 40], streamer: { ...BASE, cpu_ms: 0.5 } },
  dear: { name: "6 ms, 1 MB", levels: [4, 8], streamer: { ...BASE, cpu_ms: 6 } },
  dearest: { name: "20 ms, 1 MB", levels: [1, 3], streamer: { ...BASE, cpu_ms: 20 } },
  large: { name: "2 ms, 10 MB", levels: [4, 8], streamer: { ...BASE, memory_mb: 10 } },
  largest: { name: "2 ms, 50 MB", levels: [4, 8], streamer: { ...BASE, memory_mb: 50 } },
  lock: { name: "2 ms, 1 MB, lock of 5 ms", levels: [4, 8], streamer: { ...BASE, lock_ms: 5 } },
  broadcast: { name: "2 ms, 1 MB, broadcast", levels: [4, 8], streamer: { ...BASE, broadcast: true } },
} satisfies Record<string, TruthSetting>;

/** Time between two iterations of a session [s]. */
export const PACE_S = 0.5;

/** One level of one setting: what Plimsoll measured, and what the Streamer says of the same time. */
export interface Compared {
  setting: string;
  level: LevelSummary;
  /** By metric; `requests_per_s` are those to `/api/*`. */
  measured: Record<TruthMetric, number>;
  truth: Record<TruthMetric, number>;
}

export const TRUTH_METRICS = ["target_cores", "target_memory_bytes", "requests_per_s"] as const;
export type TruthMetric = typeof TRUTH_METRICS[number];

/** Sweeps a Streamer, and asks it afterwards what it did in each level's steady window. */
export async function compareWithTruth(setting: TruthSetting, out: string): Promise<Compared[]> {
  await using streamer = await startStreamer(setting.streamer);
  const end = await sweep({
    url: streamer.url,
    levels: setting.levels,
    replicates: 1,
    duration_ms: 3000,
    warmup_ms: 1500,
    idle_ms: 1000,
    pace_ms: 1000 * PACE_S,
    requests: VIEWER_REQUESTS,
    target_pid: streamer.pid,
  }, { out });
  if (end.state !== "complete") throw new Error(`${setting.name}: ${end.reason}`);
  const dataset = await load(out);
  return await Promise.all(
    summarise(dataset).levels.map(async (level) => {
      const { seal, resources } = dataset.attempts.find((one) => one.seal.level === level.level && !one.discarded)!;
      const zero_ms = Date.parse(seal.started_at);
      const sampled = resources.filter(({ group, t_ms }) =>
        group === "target" && t_ms >= seal.window.from_ms && t_ms <= seal.window.to_ms
      );
      const truth = await streamer.window(zero_ms + sampled[0].t_ms, zero_ms + sampled.at(-1)!.t_ms);
      return {
        setting: setting.name,
        level,
        measured: {
          target_cores: level.metrics.target_cores,
          target_memory_bytes: level.metrics.target_memory_bytes,
          requests_per_s: level.requests / level.window_s,
        },
        truth: {
          target_cores: truth.cpu_ms / truth.elapsed_ms,
          target_memory_bytes: truth.memory_peak_bytes,
          requests_per_s: truth.api_requests / truth.elapsed_ms * 1000,
        },
      };
    }),
  );
}

/** How far a measured number is from the truth, as a part of it. */
export function relativeError({ measured, truth }: Compared, metric: TruthMetric): number {
  return measured[metric] / truth[metric] - 1;
}

/** Sweeps Streamers one after the other, and prints what was measured beside what they know of themselves. */
export async function bench(): Promise<void> {
  await using folder = await tempFolder();
  const compared: Compared[] = [];
  for (const [index, setting] of Object.values(TRUTH_SETTINGS).entries()) {
    compared.push(...await compareWithTruth(setting, join(folder.path, `${index}`)));
  }
  printTruth(compared);
}

export function printTruth(compared: Compared[]) {
  const rows = compared.flatMap((one) =>
    TRUTH_METRICS.map((metric) => [
      one.setting,
      `${one.level.level}`,
      metric,
      format(one.measured[metric]),
      format(one.truth[metric]),
      `${(100 * relativeError(one, metric)).toFixed(2)} %`,
    ])
  );
  console.log(textTable(["setting", "sessions", "metric", "measured", "truth", "error"], rows, [1, 3, 4, 5]));
  for (const metric of TRUTH_METRICS) {
    const errors = compared.map((one) => 100 * Math.abs(relativeError(one, metric)));
    console.log(`${metric}: median error ${median(errors).toFixed(2)} %, worst ${Math.max(...errors).toFixed(2)} %`);
  }
}

function format(value: number): string {
  return (value ?? NaN).toPrecision(4);
}
