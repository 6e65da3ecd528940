/**
 * A metric's value with its unit, in three significant digits: `4.12 cores`, `1.5 GiB`, `132 iterations/s`.
 *
 * @param metric A metric's name; its ending is its unit.
 * @param value In the unit that the name says.
 * @returns Number and unit.
 */
export function quantity(metric: string, value: number): string {
  const { divisor, unit } = scaleOf(metric, value);
  return unit === "%" ? `${digits(value * 100)} %` : `${digits(value / divisor)}${unit && ` ${unit}`}`;
}

/**
 * An interval of a metric, in one unit: `3.9–4.4 cores`.
 *
 * @param metric A metric's name.
 * @param interval `[lower, upper]`.
 * @returns Numbers and unit.
 */
export function quantityRange(metric: string, [lower, upper]: readonly [number, number]): string {
  const { divisor, unit } = scaleOf(metric, upper);
  const factor = unit === "%" ? 0.01 : divisor;
  return `${digits(lower / factor)}–${digits(upper / factor)}${unit && ` ${unit}`}`;
}

/** A number in three significant digits, without exponent where it stays readable. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "unknown";
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(2).replace("-", "−");
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 }).replace("-", "−");
}

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"];

function scaleOf(metric: string, value: number): { divisor: number; unit: string } {
  if (/_cores$/.test(metric) || metric === "cores") return { divisor: 1, unit: "cores" };
  if (/latency_ms/.test(metric)) return { divisor: 1, unit: "ms" };
  if (/_ratio$/.test(metric)) return { divisor: 1, unit: "%" };
  if (metric === "throughput") return { divisor: 1, unit: "iterations/s" };
  if (!/bytes/.test(metric)) return { divisor: 1, unit: "" };
  const size = Math.abs(value);
  const step = size >= 1 && Number.isFinite(size) ? Math.min(4, Math.floor(Math.log2(size) / 10)) : 0;
  const per = /_per_s$/.test(metric)
    ? "/s"
    : /_per_hour$/.test(metric)
    ? "/h"
    : /_per_snapshot$/.test(metric)
    ? "/snapshot"
    : "";
  return { divisor: 1024 ** step, unit: BINARY[step] + per };
}
