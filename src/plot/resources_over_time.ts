import type { TimelinePoint } from "../schema/mod.ts";
import { metricAxis } from "./metric_axis.ts";
import { type ChartSpec, type ColourRole, NUMBER, palette, themed, WIDTH } from "./theme.ts";

const GROUPS = ["system", "target", "browser", "generator"] as const satisfies ColourRole[];
const MOST_POINTS = 360;

/**
 * Draws cores and memory of each group over the whole sweep, steady windows shaded and labelled with their sessions.
 *
 * Long sweeps are thinned to a few hundred points a group: mean cores and peak memory of each interval.
 *
 * @param timeline Points of all groups, any order; not changed. Groups other than the four known ones are not drawn.
 * @returns A Vega-Lite v6 specification of two stacked charts that share the time axis.
 *
 * @example One attempt
 * ```ts
 * import { resourcesOverTime } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const spec = resourcesOverTime([0, 1, 2].map((t_s) => ({
 *   t_s, group: "target", cores: 0.5, memory_bytes: 2 ** 28, level: 4, replicate: 1, steady: t_s > 0,
 * })));
 * assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v6.json");
 * ```
 */
export function resourcesOverTime(timeline: readonly TimelinePoint[]): ChartSpec {
  const attempts = splitAttempts(timeline).map(untilSteadyEnds);
  const last = timeline.reduce((latest, point) => Math.max(latest, point.t_s), 0);
  const [seconds, unit] = last > 300 ? [60, "min"] : [1, "s"];
  const memory = metricAxis("system_memory_bytes", timeline.map((point) => point.memory_bytes ?? 0));
  const bin_s = last / MOST_POINTS;

  const rows = attempts.flatMap((attempt, index) =>
    thin(attempt, bin_s).map((point) => ({
      attempt: index,
      t: point.t_s / seconds,
      group: point.group,
      cores: point.cores,
      memory: point.memory_bytes === null ? null : point.memory_bytes / memory.divisor,
      level: point.level,
      replicate: point.replicate,
    }))
  );
  const windows = attempts.flatMap((attempt) => {
    const steady = attempt.filter((point) => point.steady).map((point) => point.t_s);
    return steady.length === 0 ? [] : [{
      from: Math.min(...steady) / seconds,
      to: Math.max(...steady) / seconds,
      middle: (Math.min(...steady) + Math.max(...steady)) / 2 / seconds,
      sessions: String(attempt[0].level),
      level: attempt[0].level,
      replicate: attempt[0].replicate,
    }];
  });
  const groups = GROUPS.filter((group) => rows.some((row) => row.group === group));
  const colour = {
    field: "group",
    type: "nominal",
    scale: { domain: groups, range: groups.map((group) => palette[group]) },
    legend: { symbolType: "stroke", symbolSize: 260, symbolStrokeWidth: 2.5 },
  };
  const time = (title: string | null) => ({
    field: "t",
    type: "quantitative",
    title,
    scale: { domain: [0, last / seconds], nice: false },
    axis: { labels: title !== null, ticks: title !== null, domain: true },
  });
  const panel = (
    field: string,
    title: string,
    height: number,
    axisTitle: string | null,
    labelled: boolean,
  ): ChartSpec => ({
    width: WIDTH,
    height,
    layer: [
      {
        data: { name: "windows" },
        mark: { type: "rect", fill: palette.shade, opacity: 0.45 },
        encoding: {
          x: { ...time(axisTitle), field: "from" },
          x2: { field: "to" },
          tooltip: [
            { field: "level", type: "quantitative", title: "steady window of level" },
            { field: "replicate", type: "quantitative", title: "replicate" },
          ],
        },
      },
      ...(labelled
        ? [{
          data: { name: "windows" },
          mark: {
            type: "text",
            baseline: "bottom",
            dy: -4,
            color: palette.ink,
            fontSize: 10.5,
            // Many windows on a narrow page leave no room: their numbers are in the tips.
            opacity: { expr: `width / ${windows.length} < 13 ? 0 : 1` },
          },
          encoding: { x: { field: "middle", type: "quantitative" }, y: { value: 0 }, text: { field: "sessions" } },
        }]
        : []),
      {
        data: { name: "rows" },
        transform: [{ filter: `isValid(datum.${field})` }],
        mark: { type: "line", strokeWidth: 1.5, tooltip: null },
        encoding: {
          x: time(axisTitle),
          y: {
            field,
            type: "quantitative",
            title,
            scale: { domainMin: 0 },
            axis: { tickCount: 4, titleY: labelled ? -24 : -8 },
          },
          stroke: colour,
          detail: { field: "attempt", type: "nominal" },
        },
      },
      {
        data: { name: "rows" },
        transform: [{ filter: `isValid(datum.${field})` }],
        mark: { type: "point", size: 90, opacity: 0 },
        encoding: {
          x: time(axisTitle),
          y: { field, type: "quantitative" },
          tooltip: [
            { field: "group", type: "nominal", title: "group" },
            { field, type: "quantitative", title, format: NUMBER },
            { field: "t", type: "quantitative", title: `time [${unit}]`, format: NUMBER },
            { field: "level", type: "quantitative", title: "level" },
            { field: "replicate", type: "quantitative", title: "replicate" },
          ],
        },
      },
    ],
  });
  return themed({
    title: {
      text: "Resources over the sweep",
      subtitle: "Shaded: the steady windows, which alone count; above each the number of sessions",
      offset: 26,
    },
    datasets: { rows, windows },
    vconcat: [
      panel("cores", "CPU [cores]", 170, null, true),
      panel("memory", memory.title.replace(/^\S+ m/, "M"), 130, `Time [${unit}]`, false),
    ],
    spacing: 28,
  });
}

/** Points of each attempt, in time order: a new one begins where level or replicate change. */
function splitAttempts(timeline: readonly TimelinePoint[]): TimelinePoint[][] {
  const attempts: TimelinePoint[][] = [];
  for (const point of timeline.toSorted((a, b) => a.t_s - b.t_s)) {
    const before = attempts.at(-1)?.[0];
    if (before !== undefined && before.level === point.level && before.replicate === point.replicate) {
      attempts.at(-1)!.push(point);
    } else attempts.push([point]);
  }
  return attempts;
}

/** What ends with the sessions is charged to whoever collects it, all at once: no use of any moment. */
function untilSteadyEnds(attempt: TimelinePoint[]): TimelinePoint[] {
  const end = attempt.findLast((point) => point.steady)?.t_s ?? Infinity;
  return attempt.filter((point) => point.t_s <= end);
}

/** At most one point a group and `bin_s`: mean cores, and the peak of memory. */
function thin(points: readonly TimelinePoint[], bin_s: number): TimelinePoint[] {
  const bins = new Map<string, TimelinePoint[]>();
  for (const point of points) {
    const key = bin_s > 0 ? `${point.group} ${Math.floor(point.t_s / bin_s)}` : `${point.group} ${point.t_s}`;
    bins.set(key, [...(bins.get(key) ?? []), point]);
  }
  return [...bins.values()].map((bin) => {
    const memory = bin.flatMap((point) => point.memory_bytes === null ? [] : [point.memory_bytes]);
    return {
      ...bin[0],
      cores: bin.reduce((sum, point) => sum + point.cores, 0) / bin.length,
      memory_bytes: memory.length === 0 ? null : Math.max(...memory),
    };
  });
}
