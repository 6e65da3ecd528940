/** How a metric is named and scaled on an axis. */
export interface MetricAxis {
  /** Name for titles, for example `Serving memory`. */
  label: string;
  /** What it is of whatever group and however counted, for example `Memory`. */
  quantity: string;
  /** Unit after scaling, for example `GiB`; empty for a metric of unknown unit. */
  unit: string;
  /** Divide raw values by this. */
  divisor: number;
  /** Axis title: label and unit. */
  title: string;
}

const KINDS: [suffix: string, noun: string, units: [factor: number, unit: string][]][] = [
  ["_memory_mean_bytes", "memory (mean)", binary("")],
  ["_memory_bytes", "memory", binary("")],
  ["_rss_bytes", "memory (RSS)", binary("")],
  ["_cores", "CPU", [[1, "cores"]]],
  ["_bytes_per_s", "", ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"].map((unit, power) => [1000 ** power / 8, unit])],
  ["_bytes_per_hour", "", binary("/h")],
  ["bytes_per_snapshot", "", binary("")],
  ["_bytes", "", binary("")],
  ["_ratio", "", [[0.01, "%"]]],
];

const NAMED: Record<string, string> = {
  network_bytes_per_s: "Network",
  artifact_bytes_per_hour: "Disk for artifacts",
  bytes_per_snapshot: "Size of a screenshot",
  error_ratio: "Errors",
  undelivered_ratio: "Undelivered",
};

/**
 * Names a metric, and chooses the unit in which its values read best: binary prefixes for memory and disk,
 * decimal bits for the network: the units of `formatQuantity`.
 *
 * @param metric A metric's name, for example `serving_memory_bytes`.
 * @param values What will be drawn, in the metric's own unit; the largest decides.
 *
 * @example Memory of up to 3 GiB
 * ```ts
 * import { metricAxis } from "./metric_axis.ts";
 * import assert from "node:assert/strict";
 *
 * const axis = metricAxis("serving_memory_bytes", [2 ** 29, 3 * 2 ** 30]);
 * assert(axis.title === "Serving memory [GiB]" && axis.divisor === 2 ** 30);
 * ```
 */
export function metricAxis(metric: string, values: readonly number[]): MetricAxis {
  const { label, quantity = label, units } = describe(metric);
  const top = values.reduce((highest, value) => Math.max(highest, Math.abs(value)), 0);
  const [divisor, unit] = units.findLast(([factor]) => top >= factor) ?? units[0];
  return { label, quantity, unit, divisor, title: unit === "" ? label : `${label} [${unit}]` };
}

function describe(metric: string): { label: string; quantity?: string; units: [number, string][] } {
  if (metric === "throughput") return { label: "Throughput", units: [[1, "iterations/s"]] };
  const latency = /^latency_ms_(p\d+)$/.exec(metric);
  if (latency) return { label: `Latency ${latency[1]}`, units: [[1, "ms"]] };
  for (const [suffix, noun, units] of KINDS) {
    if (!metric.endsWith(suffix)) continue;
    const group = metric.slice(0, -suffix.length);
    const label = NAMED[metric] ?? sentence(`${group} ${noun}`);
    return { label, ...(noun === "" ? {} : { quantity: sentence(noun.replace(/ \(.*\)$/, "")) }), units };
  }
  return { label: NAMED[metric] ?? sentence(metric), units: [[1, ""]] };
}

function sentence(words: string): string {
  const text = words.replaceAll("_", " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function binary(per: string): [number, string][] {
  return ["B", "KiB", "MiB", "GiB", "TiB"].map((unit, power) => [1024 ** power, unit + per]);
}
