import type { Extrapolation, SizingRow } from "../schema/mod.ts";
import type { TargetSizing } from "./size_target.ts";
import { formatQuantity } from "./format_quantity.ts";

const REACH: Record<Extrapolation, string> = {
  none: "within",
  "2x": "to at most twice",
  "4x": "to two to four times",
  beyond: "to more than four times",
};

/**
 * The answer in one sentence.
 *
 * @param sizing What one target needs.
 * @returns For example "100 sessions: 4 cores, 3.1 GiB RAM, 12 Mbit/s on one machine; cores bind."
 */
export function describeSizing({ rows, fleet, binding }: TargetSizing): string {
  const [cores, memory, disk, network] = rows;
  const binds = binding.metric === "cores" ? "cores bind" : "memory binds";
  const unsure = rows.some(({ notes }) => notes.some((note) => note.startsWith("No curve")))
    ? "Too few usable levels for a band. "
    : "";
  const wire = network.recommended > 0 ? [formatQuantity(network.recommended, network.metric)] : [];
  if (cores.basis === "replicated") {
    const spare = fleet.spare === 0 ? "no spare" : fleet.spare === 1 ? "one spare" : `${fleet.spare} spare`;
    const each = [
      `${fleet.cores_per_worker} vCPU`,
      formatQuantity(fleet.memory_bytes_per_worker, "bytes"),
      ...(fleet.disk_bytes_per_worker > 0 ? [`${formatQuantity(fleet.disk_bytes_per_worker, "bytes")} disk`] : []),
    ].join(" / ");
    const total = wire.length > 0 ? `, ${wire[0]} in all` : "";
    const splits = rows.some(({ notes }) => notes.some((note) => note.startsWith("Assumes that the sessions split")))
      ? `, if they split into groups of ${fleet.sessions_per_worker}`
      : "";
    return `${unsure}${cores.target_sessions} sessions: ${fleet.workers} ${
      fleet.workers === 1 ? "worker" : "workers"
    } of ${each} (${spare})${total}${splits}; the highest level measured, ${fleet.sessions_per_worker} sessions, binds.`;
  }
  const parts = [
    formatQuantity(cores.recommended, "cores"),
    `${formatQuantity(memory.recommended, "bytes")} RAM`,
    ...(disk.recommended > 0 ? [`${formatQuantity(disk.recommended, "bytes")} disk`] : []),
    ...wire,
  ];
  const label = cores.basis === "extrapolated" ? `, extrapolated ${REACH[furthest(rows)]} the measured levels` : "";
  const noun = cores.target_sessions === 1 ? "session" : "sessions";
  return `${unsure}${cores.target_sessions} ${noun}: ${parts.join(", ")} on one machine${label}; ${binds}.`;
}

function furthest(rows: readonly SizingRow[]): Extrapolation {
  const order: Extrapolation[] = ["none", "2x", "4x", "beyond"];
  return rows.map(({ extrapolation }) => extrapolation).reduce((far, next) =>
    order.indexOf(next) > order.indexOf(far) ? next : far
  );
}
