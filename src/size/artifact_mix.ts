import type { Assumptions, RunSummary } from "../schema/mod.ts";
import { perSession } from "./textbook.ts";

/** What the artifacts of a run are made of, at its top usable level. */
export interface ArtifactMix {
  /** Of all bytes, largest first; the shares add up to 1. Empty where nothing was written. */
  kinds: { kind: string; bytes_per_session_hour: number; share: number }[];
  /** Screenshots that one session takes in an hour; 0 where none were taken. */
  snapshots_per_hour: number;
}

/** As events name them. */
const KINDS = ["screenshot", "har", "trace"];

/** Divides the artifacts of a run by kind. Where kinds were not told apart, all of them are screenshots. */
export function artifactMix(summary: RunSummary): ArtifactMix {
  const total = perSession(summary, "artifact_bytes_per_hour") ?? 0;
  if (!(total > 0)) return { kinds: [], snapshots_per_hour: 0 };
  const named = KINDS.flatMap((kind) => {
    const bytes = perSession(summary, `${kind}_bytes_per_hour`);
    return bytes ? [{ kind, bytes }] : [];
  });
  const found = named.length > 0 ? named : [{ kind: "screenshot", bytes: total }];
  const sum = found.reduce((bytes, one) => bytes + one.bytes, 0);
  const perSnapshot = perSession(summary, "bytes_per_snapshot", { divide: false });
  const screenshots = found.find(({ kind }) => kind === "screenshot")?.bytes ?? 0;
  return {
    kinds: found.map(({ kind, bytes }) => ({ kind, bytes_per_session_hour: bytes, share: bytes / sum }))
      .toSorted((a, b) => b.share - a.share),
    snapshots_per_hour: perSnapshot ? screenshots / perSnapshot : 0,
  };
}

/**
 * Hours of writing whose bytes are on disk at the end of the retention, copies included: bytes kept = bytes an hour · this.
 *
 * By days: hours a day · days. Screenshots follow their number a session-day, which may differ from what was measured, and of a
 * session slot at most `retention_count` are kept; what else is written goes by days alone.
 *
 * @param kind Of artifact.
 * @param mix As measured.
 * @param assumptions Hours, days, screenshots, copies.
 */
export function keptHours(kind: string, mix: ArtifactMix, assumptions: Assumptions): number {
  const { session_hours_per_day, retention_days, retention_count = Infinity, replication } = assumptions;
  if (kind !== "screenshot" || mix.snapshots_per_hour === 0) {
    return session_hours_per_day * retention_days * replication;
  }
  return keptSnapshots(retention_days, retention_count, assumptions) / mix.snapshots_per_hour * replication;
}

/** The same for all kinds together, each by its share. */
export function keptHoursOfAll(mix: ArtifactMix, assumptions: Assumptions): number {
  return mix.kinds.reduce((sum, { kind, share }) => sum + share * keptHours(kind, mix, assumptions), 0);
}

function keptSnapshots(days: number, count: number, { snapshots_per_session }: Assumptions): number {
  return Math.min(days * snapshots_per_session, count);
}
