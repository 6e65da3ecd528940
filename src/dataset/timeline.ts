import type { TimelinePoint } from "../schema/report.ts";
import { samplesOf } from "./attempt.ts";
import type { Dataset } from "./load.ts";

/** The last sample of an attempt may follow the one before at once: too soon for a rate. */
const LEAST_MS = 50;

/**
 * Resources over the whole sweep, one point a group and sampling interval, attempts at their place on the wall clock.
 *
 * @param dataset what {@linkcode load} read.
 * @param most_points intervals are merged so that about as many remain.
 *
 * @example Of a whole run
 * ```ts ignore
 * import { load, timeline } from "plimsoll";
 * timeline(await load("data/runs/first"));
 * ```
 */
export function timeline(dataset: Dataset, most_points = 2500): TimelinePoint[] {
  // Of a merged run: the machine that sampled the target.
  const attempts = dataset.attempts.map((attempt) => ({
    seal: attempt.seal,
    resources: samplesOf(attempt).filter(({ share }) => share === undefined),
  }));
  if (attempts.length === 0) return [];
  const zero = Date.parse(attempts[0].seal.started_at);
  const rows = attempts.reduce((count, { resources }) => count + resources.length, 0);
  const step = Math.max(1, Math.ceil(rows / most_points));
  return attempts.flatMap(({ seal, resources }) => {
    const offset_s = (Date.parse(seal.started_at) - zero) / 1000;
    return [...Map.groupBy(resources, (row) => row.group)].flatMap(([group, samples]) => {
      const points: TimelinePoint[] = [];
      for (let index = step; index < samples.length; index += step) {
        const [before, now] = [samples[index - step], samples[index]];
        if (now.t_ms - before.t_ms < LEAST_MS) continue;
        points.push({
          t_s: round(offset_s + now.t_ms / 1000),
          group,
          cores: round((now.cpu_ms - before.cpu_ms) / (now.t_ms - before.t_ms)),
          memory_bytes: now.memory_bytes ?? null,
          level: seal.level,
          replicate: seal.replicate,
          steady: now.t_ms >= seal.window.from_ms && now.t_ms <= seal.window.to_ms,
        });
      }
      return points;
    });
  });
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
