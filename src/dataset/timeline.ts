import type { TimelinePoint } from "../schema/report.ts";
import type { ResourceRow } from "../schema/rows.ts";
import { samplesOf } from "./attempt.ts";
import type { Dataset } from "./load.ts";

/** The last sample of an attempt may follow the one before at once: too soon for a rate. */
const LEAST_MS = 50;

/**
 * Resources over the whole sweep, one point a group and sampling interval, attempts at their place on the wall clock. What
 * several machines drove with is their sum.
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
  const attempts = dataset.attempts.map((attempt) => {
    const all = samplesOf(attempt);
    return {
      seal: attempt.seal,
      // Target and machine are those of one machine; what drives may be on many.
      own: all.filter(({ share }) => share === undefined),
      others: all.filter(({ share, group }) => share !== undefined && group !== "system"),
    };
  });
  if (attempts.length === 0) return [];
  const zero = Date.parse(attempts[0].seal.started_at);
  const rows = attempts.reduce((count, { own }) => count + own.length, 0);
  const step = Math.max(1, Math.ceil(rows / most_points));
  return attempts.flatMap(({ seal, own, others }) => {
    const offset_s = (Date.parse(seal.started_at) - zero) / 1000;
    const byGroup = Map.groupBy(own, (row) => row.group);
    for (const [group, elsewhere] of Map.groupBy(others, (row) => row.group)) {
      byGroup.set(group, addedUp([...byGroup.get(group) ?? [], ...elsewhere], byGroup.get("system") ?? []));
    }
    return [...byGroup].flatMap(([group, samples]) => {
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

type Sample = Pick<ResourceRow, "t_ms" | "group" | "cpu_ms" | "memory_bytes">;

/** One group of several machines, each sampled at times of its own, at the times of another group: counters in between lie on a line. */
function addedUp(samples: readonly (Sample & { share?: number })[], at: readonly Sample[]): Sample[] {
  const machines = [...Map.groupBy(samples, ({ share }) => share).values()];
  const next = machines.map(() => 0);
  const memory = machines.map(() => undefined as number | undefined);
  return at.map(({ t_ms }) => {
    let [cpu_ms, memory_bytes] = [0, undefined as number | undefined];
    for (const [index, rows] of machines.entries()) {
      while (next[index] < rows.length && rows[next[index]].t_ms <= t_ms) {
        memory[index] = rows[next[index]++].memory_bytes ?? memory[index];
      }
      const [before, after] = [rows[next[index] - 1], rows[next[index]]];
      const share = before && after ? (t_ms - before.t_ms) / (after.t_ms - before.t_ms) : 0;
      cpu_ms += before ? before.cpu_ms + share * ((after ?? before).cpu_ms - before.cpu_ms) : after.cpu_ms;
      const held = memory[index];
      if (held !== undefined) memory_bytes = (memory_bytes ?? 0) + held;
    }
    return { t_ms, group: samples[0].group, cpu_ms, memory_bytes };
  });
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
