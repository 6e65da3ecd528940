import { mean } from "simple-statistics";
import type { Flag, LevelSummary } from "../schema/levels.ts";
import { mannKendall, theilSen } from "../stats/mod.ts";
import { threeDigits } from "./three_digits.ts";

/** Chance, either side, that values in random order rise as clearly. */
const CHANCE = 0.02;
/** Growth over the sweep that matters, at least. */
const MATERIAL = { cost: 0.1, response: 0.2, memory: 0.05, memory_bytes: 10e6, response_ms: 1 };
/** A leak goes on: between the last two replicates of a level memory grows by this share of what the whole sweep's slope says. */
const GOES_ON = 1 / 3;

/** Settings of {@linkcode flagSweep}. */
export interface FlagSweepOptions {
  /**
   * The target was started anew for every attempt, and can remember nothing of those before.
   * @default false
   */
  restarted?: boolean;
}

/** What is compared at equal level. */
interface Quantity {
  /** Of an attempt; `undefined` where it was not measured, or says nothing. */
  of: (attempt: LevelSummary) => number | undefined;
  /** The name in a sentence. */
  name: string;
  text: (value: number) => string;
}

/** One attempt in one quantity: where in the sweep, and how much. */
type Point = readonly [position: number, value: number];

/**
 * Looks at a sweep as a whole: whether a level costs the same at its end as at its beginning.
 *
 * Attempts are compared at equal level only, all levels in one test (seasonal Kendall), by the median of the slopes of all pairs and
 * its 95 % interval: whatever the order of levels, a target that costs the same has none. The change must be one that chance gives in
 * 2 of 100 sweeps, and the lower end of its interval over the whole sweep must matter: 5 % and 10 MB of memory, 10 % of the CPU of an
 * iteration, 20 % and 1 ms of the median response time.
 *
 * - `leak`: memory grows, and goes on growing between the last replicates; so with at least 3 replicates.
 * - `hysteresis`: memory, CPU or response times are others at the end than at the beginning: a target that remembers.
 * - `drift`: the same where the target was started anew for every attempt, and only the machine can have changed.
 *
 * The first attempt, which is thrown away since compilers and caches warm up on it, counts only where the later ones are worse.
 * Nothing is excluded: as levels come in random order, what a target remembers is scatter in a fit and widens its bands.
 *
 * @param attempts In the order in which they ran, the one thrown away included.
 * @param options Whether the target was started anew.
 * @returns At most one flag a quantity, of the sweep and of no attempt.
 *
 * @example A server that keeps 2 MB of every attempt
 * ```ts
 * import { flagSweep } from "./flag_sweep.ts";
 * import assert from "node:assert/strict";
 *
 * const attempts = [1, 4, 2, 8, 2, 8, 4, 1, 8, 1, 2, 4].map((level, index) => ({
 *   level, replicate: 1 + Math.floor(index / 4), attempt: 1, sessions: level, window_s: 10, requests: 10 * level, flags: [],
 *   metrics: { target_memory_mean_bytes: 50e6 + level * 1e5 + index * 2e6 },
 * }));
 * assert.equal(flagSweep(attempts)[0].name, "leak");
 * ```
 */
export function flagSweep(attempts: readonly LevelSummary[], options: FlagSweepOptions = {}): Flag[] {
  const { restarted = false } = options;
  const flags: Flag[] = [];
  const add = (name: Flag["name"], reason: string) => flags.push({ name, reason, excluded_from: [] });
  const remembers: Flag["name"] = restarted ? "drift" : "hysteresis";
  const why = restarted
    ? "The target was started anew each time: the machine changed"
    : "The target remembers, or the machine changed; a target that is started for every attempt (--target-command) cannot remember";

  const memory = restarted ? undefined : changeOf(attempts, MEMORY, MATERIAL.memory);
  if (memory && memory.growth > 0 && memory.least > MATERIAL.memory_bytes) {
    if (memory.goesOn) {
      add(
        "leak",
        `${memory.text}, and it goes on. What memory costs depends on how long the target runs: size it for the time between ` +
          "two restarts",
      );
    } else add("hysteresis", `${memory.text}. ${why}`);
  }
  const cost = changeOf(attempts, COST, MATERIAL.cost);
  if (cost) add(remembers, `${cost.text}. ${why}`);
  const response = changeOf(attempts, RESPONSE, MATERIAL.response);
  if (response && response.least > MATERIAL.response_ms) {
    add(remembers, `${response.text}. ${why}`);
  }
  return flags;
}

const hasFlag = ({ flags }: LevelSummary, ...names: Flag["name"][]) => flags.some(({ name }) => names.includes(name));

const MEMORY: Quantity = {
  of: ({ metrics }) => metrics.target_memory_mean_bytes,
  name: "memory",
  text: (value) => `${(value / 1e6).toFixed(0)} MB`,
};
/** CPU an iteration: a busy machine does not change what a target uses, so that only what cuts it off counts against an attempt. */
const COST: Quantity = {
  of: (attempt) => {
    const { target_cores: cores, throughput = 1 } = attempt.metrics;
    if (cores === undefined || throughput === 0 || hasFlag(attempt, "failing", "inconsistent", "few_samples")) {
      return undefined;
    }
    return 1000 * cores / throughput;
  },
  name: "CPU an iteration",
  text: (value) => `${threeDigits(value)} ms`,
};
const RESPONSE: Quantity = {
  of: (attempt) => {
    const odd = hasFlag(attempt, "failing", "inconsistent", "generator_limited", "machine_limited", "target_saturated");
    return odd ? undefined : attempt.metrics.latency_ms_p50;
  },
  name: "median response time",
  text: (value) => `${threeDigits(value)} ms`,
};

function changeOf(attempts: readonly LevelSummary[], quantity: Quantity, material: number) {
  const points = attempts.flatMap((attempt, position) => {
    const value = quantity.of(attempt);
    return value === undefined || value <= 0 ? [] : [{ ...attempt, point: [position, value] as Point }];
  });
  const seriesOf = (rows: typeof points) =>
    [...Map.groupBy(rows, ({ level }) => level).entries()].sort(([a], [b]) => a - b)
      .map(([level, row]) => ({ level, points: row.map(({ point }) => point) }))
      .filter((one) => one.points.length > 1);
  const worse = trendOf(seriesOf(points), attempts.length - 1);
  const found = worse && worse.growth > 0
    ? worse
    : trendOf(seriesOf(points.filter(({ replicate }) => replicate > 0)), attempts.length - 1);
  if (!found || Math.abs(found.growth) < Math.log1p(material)) return undefined;
  const { series: [{ level, points: lowest }], growth } = found;
  const [from, to] = [lowest[0][1], lowest.at(-1)![1]].map(quantity.text);
  const text = `${quantity.name} at equal level ${growth > 0 ? "grew" : "fell"} by at least ${
    (100 * Math.abs(Math.expm1(growth))).toFixed(0)
  } % in the course of the sweep (${level} ${level === 1 ? "session" : "sessions"}: first ${from}, last ${to})`;
  return { ...found, text: text[0].toUpperCase() + text.slice(1) };
}

/** The trend of all series at once: of logarithms, so that levels of different size weigh the same, then of the values themselves. */
function trendOf(series: { level: number; points: Point[] }[], span: number) {
  if (series.length === 0) return undefined;
  const { p } = mannKendall(...series.map(({ points }) => points.map(([, value]) => value)));
  if (p > CHANCE) return undefined;
  const { interval: [low, high] } = theilSen(
    series.map(({ points }) => points.map(([x, value]): Point => [x, Math.log(value)])),
  );
  const { slope, interval } = theilSen(series.map(({ points }) => points));
  const growth = span * nearest([low, high]);
  const last = series.filter(({ points }) => points.length > 2).map(({ points }) => points.slice(-2));
  const steps = last.map(([[x0, y0], [x1, y1]]) => ({ grown: y1 - y0, expected: slope * (x1 - x0) }));
  const goesOn = steps.length > 0 &&
    mean(steps.map(({ grown }) => grown)) > GOES_ON * mean(steps.map(({ expected }) => expected));
  return { series, growth, least: span * Math.abs(nearest(interval)), goesOn };
}

/** The end of an interval that is nearer to 0; 0 if that is within. */
function nearest([low, high]: [number, number]): number {
  return low > 0 ? low : high < 0 ? high : 0;
}
