/**
 * A number for people: at most three significant digits, and its unit.
 *
 * Memory and disk in binary units (GiB), network in decimal bits (Mbit/s), cores as cores.
 *
 * @param value Finite, in the unit that the metric's name carries.
 * @param metric A metric's name (`target_cores`, `network_bytes_per_s`, `latency_ms_p95`) or its unit (`cores`, `bytes`).
 * @returns For example `3.1 GiB`, `12 Mbit/s`, `1 core`, `250 ms`; the plain number for an unknown unit.
 *
 * @example Units follow the metric
 * ```ts
 * import { formatQuantity } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(formatQuantity(3.1 * 2 ** 30, "serving_memory_bytes"), "3.1 GiB");
 * assert.equal(formatQuantity(1.5e6, "network_bytes_per_s"), "12 Mbit/s");
 * ```
 */
export function formatQuantity(value: number, metric: string): string {
  if (metric.endsWith("bytes_per_s")) return scaled(8 * value, 1000, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"]);
  if (metric.endsWith("bytes_per_hour")) return `${bytes(value)}/h`;
  if (metric.includes("bytes")) return bytes(value);
  if (metric.endsWith("cores")) return `${digits(value)} ${digits(value) === "1" ? "core" : "cores"}`;
  if (metric === "sessions") return `${digits(value)} ${digits(value) === "1" ? "session" : "sessions"}`;
  if (metric === "throughput") return `${digits(value)} iterations/s`;
  if (/(^|_)ms(_|$)/.test(metric)) return Math.abs(value) >= 1000 ? `${digits(value / 1000)} s` : `${digits(value)} ms`;
  if (metric.endsWith("_ratio")) return `${digits(100 * value)} %`;
  return digits(value);
}

function bytes(value: number): string {
  return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
}

/** Compares the rounded number with the next unit, so that 1023.9 MiB reads 1 GiB and not 1020 MiB. */
function scaled(value: number, base: number, units: readonly string[]): string {
  let index = 0;
  let size = value;
  while (index < units.length - 1 && Math.abs(Number(size.toPrecision(3))) >= Math.min(base, 1000)) {
    size /= base;
    index++;
  }
  return `${digits(size)} ${units[index]}`;
}

function digits(value: number): string {
  if (Math.abs(value) >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
