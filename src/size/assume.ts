import type { Assumptions, RunSummary } from "../schema/mod.ts";
import { artifactMix } from "./artifact_mix.ts";

/** `[lowest, highest]` of each assumption; targets and words apart. */
const RANGES: Record<string, readonly [number, number]> = {
  peak: [1, 100],
  safety: [1, 100],
  utilisation: [0.01, 1],
  memory_headroom: [0, 10],
  baseline_os_bytes: [0, Number.MAX_SAFE_INTEGER],
  baseline_storage_bytes: [0, Number.MAX_SAFE_INTEGER],
  retention_days: [0, 36_500],
  retention_count: [0, 1e9],
  session_hours_per_day: [0, 24],
  snapshots_per_session: [0, 1e9],
  replication: [1, 100],
  free_space: [0, 0.99],
  spare_workers: [0, 1e6],
};

/**
 * The assumptions of a sizing: what was said, what was measured, and for the rest a default.
 *
 * @param summary Gives the operating system's memory and the snapshots that a session takes in a day.
 * @param options What the user says.
 * @returns Every assumption, to be printed with the result.
 * @throws {RangeError} If a number is out of its range, or `shape` is none of `shapes`; the message names the field.
 */
export function assume(summary: RunSummary, options: Partial<Assumptions> = {}): Assumptions {
  const hours = options.session_hours_per_day ?? 8;
  const assumptions: Assumptions = {
    targets: [10, 100, 1000],
    peak: 1,
    safety: 1.3,
    utilisation: 0.65,
    memory_headroom: 0.25,
    baseline_os_bytes: Math.max(0, summary.baseline.os_memory_bytes),
    baseline_storage_bytes: 0,
    retention_days: 30,
    session_hours_per_day: hours,
    snapshots_per_session: hours * artifactMix(summary).snapshots_per_hour,
    replication: 1,
    free_space: 0.2,
    spare_workers: 1,
    topology: "replicated",
    extrapolate: false,
    shapes: [],
    slo: [],
    screenshots: [],
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  };
  for (const [name, [lowest, highest]] of Object.entries(RANGES)) {
    const value = assumptions[name as keyof Assumptions] as number | undefined;
    if (value !== undefined && !(value >= lowest && value <= highest)) {
      throw new RangeError(
        `Cannot size as ${name} must be from ${lowest} to ${highest}: current value is ${value}`,
      );
    }
  }
  const target = assumptions.targets.find((value) => !Number.isInteger(value) || value < 1);
  if (assumptions.targets.length === 0 || target !== undefined) {
    throw new RangeError(
      `Cannot size as targets must be whole numbers of sessions from 1: current value is ${target ?? "none"}`,
    );
  }
  const { shape, shapes } = assumptions;
  if (shape !== undefined && !shapes.some(({ name }) => name === shape)) {
    throw new RangeError(
      `Cannot size as shape must be one of shapes (${
        shapes.map(({ name }) => name).join(", ") || "none"
      }): current value is ${shape}`,
    );
  }
  return assumptions;
}
