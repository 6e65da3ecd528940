import { quantileRanks } from "../stats/mod.ts";
import type { LevelSummary, LimitCondition, RunSummary, SloSizing } from "../schema/mod.ts";
import { formatQuantity } from "./format_quantity.ts";
import { shareBounds } from "./share_bounds.ts";

const NAMES: Record<LimitCondition["metric"], string> = {
  latency_ms_p50: "p50",
  latency_ms_p95: "p95",
  latency_ms_p99: "p99",
  error_ratio: "errors",
  undelivered_ratio: "undelivered",
};

type State = SloSizing["levels"][number]["state"];

/**
 * Finds the most sessions at which an objective was shown to hold.
 *
 * A level keeps a condition where the 95 % *upper* bound is below it: for a quantile of latency the bound by ranks among the
 * effective number of requests, of the median replicate (of an even number the worse of the middle two); for a share
 * Clopper and Pearson's, over all replicates together. It breaks the condition where even the lower bound is not below it; what is
 * between the two is open, as is a level with too few requests for a bound, or one where the generator or the machine
 * was the limit. The answer is the highest level kept below the lowest one broken: what many sessions keep, fewer keep, also where
 * these made too few requests to show it. The true limit lies from there up to the lowest level that is broken.
 *
 * @param summary Levels.
 * @param conditions What is to be kept, as `parseLimit` reads them; at least one.
 * @returns Sessions, 0 where not even the lowest level is kept.
 */
export function sizeSlo(summary: RunSummary, conditions: readonly LimitCondition[]): SloSizing {
  const levels = [...Map.groupBy(summary.levels, ({ level }) => level)].toSorted(([a], [b]) => a - b)
    .map(([level, replicates]) => ({ level, ...judge(replicates, conditions) }));
  const broken = levels.find(({ state }) => state === "broken");
  const kept = levels.findLast(({ level, state }) => state === "kept" && level < (broken?.level ?? Infinity));
  const sessions = kept?.level ?? 0;
  return {
    conditions: [...conditions],
    sessions,
    ...(broken ? { below: broken.level } : {}),
    levels,
    text: describe(conditions, { sessions, levels, broken, next: levels.find(({ level }) => level > sessions) }),
  };
}

function judge(replicates: readonly LevelSummary[], conditions: readonly LimitCondition[]) {
  const flag = (one: LevelSummary, name: string) => one.flags.find((each) => each.name === name);
  const failing = replicates.flatMap((one) => flag(one, "failing") ?? []);
  if (2 * failing.length >= replicates.length) return { state: "broken" as const, reason: failing[0].reason };
  const mute = (one: LevelSummary) =>
    flag(one, "generator_limited") ?? flag(one, "machine_limited") ?? flag(one, "inconsistent");
  const deciding = replicates.filter((one) => mute(one) === undefined && flag(one, "failing") === undefined);
  if (deciding.length === 0) {
    return { state: "open" as const, reason: mute(replicates.find((one) => mute(one))!)!.reason };
  }
  const found = conditions.map((condition) => judgeCondition(deciding, condition));
  const worst = (["broken", "open", "kept"] as const).find((state) => found.some((one) => one.state === state))!;
  return {
    state: worst,
    reason: found.filter(({ state }) => state === worst).map(({ reason }) => reason).join(", "),
  };
}

function judgeCondition(
  replicates: readonly LevelSummary[],
  { metric, below }: LimitCondition,
): { state: State; reason: string } {
  const name = NAMES[metric];
  const say = (value: number) => formatQuantity(value, metric);
  const [low, high] = metric.startsWith("latency_ms")
    ? quantileBounds(replicates, metric)
    : ratioBounds(replicates, metric);
  if (high < below) return { state: "kept", reason: `${name} at most ${say(high)}` };
  if (low >= below) return { state: "broken", reason: `${name} at least ${say(low)}` };
  if (high === Infinity) {
    return { state: "open", reason: `too few requests to say how large ${name} is at most${needs(metric)}` };
  }
  return { state: "open", reason: `${name} between ${say(low)} and ${say(high)}` };
}

/** How many a quantile takes; of shares any number says something. */
function needs(metric: string): string {
  const [, percentile] = /^latency_ms_p(\d+)$/.exec(metric) ?? [];
  if (!percentile) return "";
  let requests = 1;
  while (!quantileRanks(requests, Number(percentile) / 100).exists) requests++;
  return ` (it takes ${requests} in the window of each replicate, more where neighbours resemble each other)`;
}

/** Of the median replicate; a bound that does not exist is infinitely far. */
function quantileBounds(replicates: readonly LevelSummary[], metric: string): [number, number] {
  const lows = replicates.map(({ metrics }) => metrics[`${metric}_low`] ?? 0).toSorted((a, b) => a - b);
  const highs = replicates.map(({ metrics }) => metrics[`${metric}_high`] ?? Infinity).toSorted((a, b) => a - b);
  return [lows[Math.ceil(lows.length / 2) - 1], highs[Math.floor(highs.length / 2)]];
}

function ratioBounds(replicates: readonly LevelSummary[], metric: string): [number, number] {
  const measured = replicates.filter(({ metrics }) => metrics[metric] !== undefined);
  const trials = ({ metrics, requests }: LevelSummary) => Math.min(requests, metrics.effective_requests ?? requests);
  const all = measured.reduce((sum, one) => sum + trials(one), 0);
  if (!(all > 0)) return [0, Infinity];
  return shareBounds(measured.reduce((sum, one) => sum + one.metrics[metric] * trials(one), 0), all);
}

function describe(
  conditions: readonly LimitCondition[],
  { sessions, levels, broken, next }: {
    sessions: number;
    levels: SloSizing["levels"];
    broken?: SloSizing["levels"][number];
    next?: SloSizing["levels"][number];
  },
): string {
  const asked = conditions.map(({ metric, below }) => `${NAMES[metric]} < ${formatQuantity(below, metric)}`).join(", ");
  if (levels.length === 0) return `${asked}: no level was measured.`;
  const up = sessions > 0
    ? `shown to hold up to ${formatQuantity(sessions, "sessions")}, by 95 % upper bounds`
    : "not shown to hold at any level";
  const open = next && next.state === "open" ? `; open at ${next.level}: ${next.reason}` : "";
  const end = broken ? `; broken at ${broken.level}: ${broken.reason}` : next ? "" : "; no higher level was measured";
  return `${asked}: ${up}${open}${end}.`;
}
