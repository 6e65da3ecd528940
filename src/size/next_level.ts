import { evaluate, fitPoints, levelMeans, missingLevels } from "../model/mod.ts";
import type { FitPoint, FitReport, MetricFit, NextLevel, RunSummary } from "../schema/mod.ts";
import { formatQuantity } from "./format_quantity.ts";

/** Share of the machine up to which a level tells something of the target: over 90 % it counts as saturated. */
const FULL = 0.85;
/** A curve is not read further than this many times its top level. */
const REACH = 4;
/** A smaller level is as good where its band is at most this much wider. */
const AS_GOOD = 1.1;
/** A level is worth its run if it leaves less than this of the band, on the ln scale. */
const WORTH = 0.9;

/**
 * The level to run next: the one that would narrow the sizing band at the target most.
 *
 * With fewer than five usable levels it is those that are missing; where the verdict is open, the one that decides it.
 * Otherwise every candidate (between two levels, and beyond them up to the target, four times the top, and what the machine
 * carries) is imagined to come out as expected, and the metric is fitted again: a c-optimal design, by the band itself
 * instead of its first-order approximation. Of candidates within 10 % the smallest is named, as it costs least.
 *
 * @param fits Of one run, or of a table.
 * @param target Sessions to size for.
 * @param summary The run, for what its machine carries; without it no level is too high but by the reach of the curve.
 * @returns Plain data, with its reason.
 * @throws {RangeError} If the target is not positive and finite, or there is no metric.
 *
 * @example Sizing for a hundred from sixteen
 * ```ts
 * import { fitPoints, nextLevel } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const noise = [1.02, 0.97, 1.01, 1.03, 0.98];
 * const points = [1, 2, 4, 8, 16].map((n, index) => (
 *   { level: n, sessions: n, replicate: 1, value: (0.2 + 0.05 * n) * noise[index] }
 * ));
 * const fit = fitPoints(points, { metric: "target_cores" });
 * const next = nextLevel({ schema: "plimsoll.fit/1", source: "levels.csv", metrics: { target_cores: fit } }, 100);
 * assert.equal(next.kind, "narrow");
 * assert.deepEqual(next.levels, [64]);
 * ```
 */
export function nextLevel(fits: FitReport, target: number, summary?: RunSummary): NextLevel {
  if (!(target > 0) || !Number.isFinite(target)) {
    throw new RangeError(
      `Cannot choose a level as the target must be positive and finite: current value is ${target}`,
    );
  }
  const fit = widest(fits, target);
  const ceiling = ceilingOf(fits, fit, summary);
  const common = {
    schema: "plimsoll.next/1" as const,
    source: fits.source,
    target_sessions: target,
    metric: fit.metric,
    ...(ceiling ? { ceiling } : {}),
  };
  const carried = (level: number) => !ceiling || level <= ceiling.sessions;
  const limit = ceiling ? ` The machine carries about ${Math.floor(ceiling.sessions)}: ${ceiling.reason}.` : "";
  const usable = levelMeans(fit.points).length;
  if (usable < 5 || !fit.accepted) {
    const levels = missingLevels(fit.points).filter(carried);
    if (levels.length === 0) {
      return { ...common, kind: "nothing", levels, reason: `No level that could be used is left to run.${limit}` };
    }
    const reason =
      `Run ${levels.join(", ")} sessions next: ${fit.metric} has ${usable} usable ${
        usable === 1 ? "level" : "levels"
      }, ` +
      `a fit needs 3 and a verdict 5.${limit}`;
    return { ...common, kind: "fit", levels, reason };
  }

  const open = deciding(fit);
  const decides = open !== undefined && carried(open);
  const tried = (decides ? [open] : candidates(fit, target).filter(carried))
    .map((level) => ({ level, band: upperRatio(expected(fit, level), target) }));
  if (tried.length === 0) {
    return { ...common, kind: "nothing", levels: [], reason: `No level would tell more.${limit}` };
  }
  const best = Math.min(...tried.map(({ band }) => band));
  const { level, band } = tried.find((one) => Math.log(one.band) <= AS_GOOD * Math.log(best))!;
  const result = {
    ...common,
    levels: [level],
    band: {
      target: evaluate(fit, target).prediction,
      upper_ratio: upperRatio(fit, target),
      expected_upper_ratio: band,
    },
  };
  const gain = `the upper end of the band of ${fit.metric} at ${formatQuantity(target, "sessions")} comes from ${
    percent(result.band.upper_ratio)
  } over the estimate to about ${percent(band)}`;
  if (decides) {
    const reason = `Run ${level} sessions next: it decides how ${fit.metric} grows, which is open; ${gain}.${limit}`;
    return { ...result, kind: "decide", reason };
  }
  if (Math.log(band) > WORTH * Math.log(result.band.upper_ratio)) {
    const reason = `No level would narrow the band of ${fit.metric} at ${
      formatQuantity(target, "sessions")
    } by a tenth: its upper bound is ${percent(result.band.upper_ratio)} over the estimate.${limit}`;
    return { ...result, kind: "nothing", levels: [], reason };
  }
  return { ...result, kind: "narrow", reason: `Run ${level} sessions next: ${gain}.${limit}` };
}

/** What is bought, or else everything: the metric whose band is the widest at the target, those without a curve first. */
function widest(fits: FitReport, target: number): MetricFit {
  // Where workers drove, a level that says more of one of them says little of the target that they share.
  const bought =
    ["serving", fits.workers ? "target" : ""].map((group) =>
      [`${group}_cores`, `${group}_memory_bytes`].flatMap((name) => fits.metrics[name] ?? [])
    ).find(({ length }) => length > 0) ?? [];
  const all = bought.length > 0 ? bought : Object.values(fits.metrics);
  if (all.length === 0) {
    throw new RangeError("Cannot choose a level as there must be a fitted metric: current value is none");
  }
  const width = (fit: MetricFit) => fit.accepted ? upperRatio(fit, target) : Infinity;
  return all.reduce((best, next) => width(next) > width(best) ? next : best);
}

/** By the band of a new run, which knows of all curves: the bound to size by trusts those that stand, and is to be tested. */
function upperRatio(fit: MetricFit, target: number): number {
  const { prediction: [, upper], estimate } = evaluate(fit, target);
  return upper / estimate;
}

/** The fit as it would be if this level came out as expected, with as many replicates as the others have. */
function expected(fit: MetricFit, level: number): MetricFit {
  const means = levelMeans(fit.points);
  const replicates = Math.round(means.reduce((sum, mean) => sum + mean.replicates, 0) / means.length);
  const value = evaluate(fit, level).estimate;
  const imagined = Array.from({ length: replicates }, (_, index): FitPoint => (
    { level, sessions: level, replicate: index + 1, value }
  ));
  const points = [...fit.points, ...imagined];
  return fitPoints(points, { metric: fit.metric, kind: fit.kind, level: fit.level, at: [] });
}

/** Ascending: the middle between two levels that are far apart, and what lies beyond, up to the target. */
function candidates(fit: MetricFit, target: number): number[] {
  const levels = levelMeans(fit.points).map(({ level }) => level);
  const top = levels[levels.length - 1];
  const between = levels.slice(1).map((level, index) => Math.round(Math.sqrt(level * levels[index])));
  const highest = Math.min(target, REACH * top);
  const beyond = [1.25, 1.5, 2, 3, REACH].map((share) => Math.ceil(share * top)).filter((level) => level < highest);
  const all = [...between, ...beyond, Math.floor(highest)];
  return [...new Set(all)].filter((level) => level >= 1 && !levels.includes(level)).sort((a, b) => a - b);
}

/** An open verdict names the level that decides it. */
function deciding({ verdict }: MetricFit): number | undefined {
  const named = /Run (\d+) sessions next to decide/.exec(verdict.text);
  return verdict.kind === "inconclusive" && named ? Number(named[1]) : undefined;
}

/** Where the machine of the run is full, as its cores, its memory and the levels that could not be used say. */
function ceilingOf(fits: FitReport, fit: MetricFit, summary?: RunSummary): NextLevel["ceiling"] {
  const unusable = fit.points.filter(({ excluded, value }) => excluded !== undefined && value > 0)
    .toSorted((a, b) => a.level - b.level)
    .find(({ level }) => level > fit.range[1]);
  const ends = [
    ...(unusable
      ? [{ sessions: unusable.level - 1, reason: `${unusable.level} sessions were ${unusable.excluded}` }]
      : []),
    ...(summary ? [coresEnd(fits, summary), memoryEnd(fits, summary)].flatMap((end) => end ?? []) : []),
  ];
  return ends.length === 0 ? undefined : ends.reduce((best, next) => next.sessions < best.sessions ? next : best);
}

function coresEnd(fits: FitReport, { capacity, workers }: RunSummary): NextLevel["ceiling"] {
  const fit = fits.metrics.system_cores ?? fits.metrics[workers ? "target_cores" : "serving_cores"];
  return fit && endOf(fit, FULL * capacity.cores, `${percent(FULL)} of its ${capacity.cores} cores`);
}

function memoryEnd(fits: FitReport, { capacity, baseline, workers }: RunSummary): NextLevel["ceiling"] {
  const room = FULL * capacity.memory_bytes - Math.max(0, baseline.os_memory_bytes);
  const what = `${percent(FULL)} of its ${formatQuantity(capacity.memory_bytes, "memory_bytes")} of memory`;
  // What workers ran was on their machines.
  const fit = fits.metrics[workers ? "target_memory_bytes" : "serving_memory_bytes"];
  return fit && endOf(fit, room, what);
}

/** Where the estimate reaches the room, by bisection; absent where it does not within the curve's reach. */
function endOf(fit: MetricFit, room: number, what: string): NextLevel["ceiling"] {
  if (!fit.accepted) return undefined;
  const used = (sessions: number) => evaluate(fit, sessions).estimate;
  let [below, above] = [fit.range[1], REACH * fit.range[1]];
  if (used(above) <= room) return undefined;
  if (used(below) >= room) return { sessions: below, reason: what };
  for (let round = 0; round < 40; round++) {
    const middle = (below + above) / 2;
    if (used(middle) <= room) below = middle;
    else above = middle;
  }
  return { sessions: below, reason: `more needs over ${what}` };
}

function percent(ratio: number): string {
  const part = ratio > 1 ? ratio - 1 : ratio;
  return part > 100 ? "more than a hundred times" : `${Math.round(100 * part)} %`;
}
