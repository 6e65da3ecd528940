import { mean } from "simple-statistics";
import type { Flag } from "../schema/levels.ts";
import { batchMeans, mannKendall, theilSen } from "../stats/mod.ts";
import { counterRate } from "./counter_rate.ts";
import type { Iteration } from "./iterations_of.ts";
import type { ReducedSample } from "./resource_rows.ts";
import { threeDigits } from "./three_digits.ts";

const BATCHES = 10;
/** Ten batches are rarely in such an order without a trend. */
const CHANCE = 0.001;
/** Change over the window that matters, at least: of its mean, and of what is worth a word. */
const MATERIAL = { cores: 0.1, response: 0.2 };
const NOTICED = { cores: 0.02, response_ms: 1 };
/** Memory: 5 % are within the band of any sizing, and collectors, page caches and shared pages come and go by megabytes. */
const LEAK = { share: 0.05, bytes: 10e6 };
/** In less time a leak looks like a heap between two collections: V8's take 10 s and more at low load [ms]. */
const LEAK_WINDOW_MS = 60_000;
/** What still grows has half of its growth in the second half; a heap that warms up has less. */
const GOES_ON = 1 / 3;

/** What {@linkcode flagDrift} looks at: one attempt's steady window. */
export interface PlateauRows {
  /** The steady window [ms from the attempt's start]. */
  window: { from_ms: number; to_ms: number };
  /** Samples of the target in the window, in order. */
  target: readonly ReducedSample[];
  /** Those that ended in the window, in that order. */
  iterations: readonly Iteration[];
  /** Time between two intended starts of a session [ms]. */
  pace_ms: number;
}

/**
 * Looks for what changes all the time within a window that should be steady: the target's CPU or its response times (`drift`), or its
 * memory (`leak`).
 *
 * By Theil–Sen slope and Mann–Kendall test on the means of 10 batches: the order must be one that chance gives once in a thousand, and
 * the lower end of the slope's 95 % interval × the window's length must matter: 10 % of the mean and 0.02 cores; of response
 * times, which scatter more, 20 % and 1 ms; of memory 5 % and 10 MB. Memory needs a window of 60 s and growth that goes on in the second half, so that a collected heap is no leak.
 * Excludes from nothing: levels are run in random order, so that what drifts widens the bands and does not look like scaling.
 *
 * @param plateau Rows of the steady window.
 * @returns At most one flag a quantity.
 *
 * @example A server that keeps 20 kB of each of 40 requests a second
 * ```ts
 * import { flagDrift } from "./flag_drift.ts";
 * import assert from "node:assert/strict";
 *
 * const target = Array.from({ length: 180 }, (_, seq) => {
 *   const t_ms = 500 * seq;
 *   return { seq, t_ms, group: "target" as const, cpu_ms: 0.1 * t_ms, processes: 1, memory_bytes: 60e6 + 800 * t_ms };
 * });
 * const flags = flagDrift({ window: { from_ms: 0, to_ms: 90_000 }, target, iterations: [], pace_ms: 1000 });
 * assert.equal(flags[0].name, "leak");
 * ```
 */
export function flagDrift(plateau: PlateauRows): Flag[] {
  const { window, target, iterations } = plateau;
  const window_s = (window.to_ms - window.from_ms) / 1000;
  const flags: Flag[] = [];
  const add = (name: Flag["name"], reason: string) => flags.push({ name, reason, excluded_from: [] });

  const cores = changeOf(coresByBatch(plateau));
  if (cores && cores.least > Math.max(MATERIAL.cores * cores.mean, NOTICED.cores)) {
    add(
      "drift",
      `the target's CPU went from ${cores.from.toFixed(2)} to ${cores.to.toFixed(2)} cores within the window`,
    );
  }

  const responses_ms = iterations.map(({ ended_ms, scheduled_ms }) => ended_ms - scheduled_ms);
  const response = responses_ms.length < 5 * BATCHES
    ? undefined
    : changeOf(batchMeans(responses_ms, { batches: BATCHES }).means);
  if (response && response.least > Math.max(MATERIAL.response * response.mean, NOTICED.response_ms)) {
    const [from, to] = [response.from, response.to].map(threeDigits);
    add("drift", `response times went from ${from} to ${to} ms within the window`);
  }

  const readings = target.flatMap(({ memory_bytes }) => memory_bytes ?? []);
  if (window_s * 1000 >= LEAK_WINDOW_MS && readings.length >= 2 * BATCHES) {
    const { means } = batchMeans(readings, { batches: BATCHES });
    const memory = changeOf(means);
    const middle = (means[BATCHES / 2 - 1] + means[BATCHES / 2]) / 2;
    if (
      memory && memory.to > memory.from && memory.least > Math.max(LEAK.share * memory.mean, LEAK.bytes) &&
      means[BATCHES - 1] - middle > GOES_ON * (means[BATCHES - 1] - means[0])
    ) {
      const [from, to] = [memory.from, memory.to].map((bytes) => (bytes / 1e6).toFixed(0));
      const least = threeDigits(memory.least / window_s * 3600 / 1e6);
      add(
        "leak",
        `the target's memory grew from ${from} to ${to} MB within the window, by at least ${least} MB an hour`,
      );
    }
  }
  return flags;
}

/** A change over a window that chance does not explain: at its ends, by the slope, and the least that it may be. */
interface Change {
  mean: number;
  from: number;
  to: number;
  least: number;
}

function changeOf(means: readonly number[]): Change | undefined {
  if (means.length < BATCHES || mannKendall(means).p > CHANCE) return undefined;
  const { slope, interval: [low, high] } = theilSen([
    means.map((value, index) => [index / means.length, value] as const),
  ]);
  const least = low > 0 ? low : high < 0 ? -high : 0;
  const centre = mean(means as number[]);
  return { mean: centre, from: centre - slope / 2, to: centre + slope / 2, least };
}

/** Cores in ten equal parts of the window; none where a part is shorter than a pace, in which iterations make waves. */
function coresByBatch({ window, target, pace_ms }: PlateauRows): number[] {
  const part_ms = (window.to_ms - window.from_ms) / BATCHES;
  if (part_ms < pace_ms) return [];
  return Array.from({ length: BATCHES }, (_, part) => {
    const [from_ms, to_ms] = [window.from_ms + part * part_ms, window.from_ms + (part + 1) * part_ms];
    return counterRate(target.filter(({ t_ms }) => t_ms >= from_ms && t_ms <= to_ms), (row) => row.cpu_ms);
  }).flatMap((cores) => cores ?? []);
}
