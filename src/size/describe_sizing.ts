import type { Assumptions, Extrapolation, FleetRow, SizingMetric, SizingRow, WorkerShape } from "../schema/mod.ts";
import { formatQuantity } from "./format_quantity.ts";
import { furthest } from "./read_demand.ts";
import type { TargetSizing } from "./size_target.ts";

const REACH: Record<Extrapolation, string> = {
  none: "within",
  "2x": "to at most twice",
  "4x": "to two to four times",
  beyond: "to more than four times",
};

const BINDS: Record<SizingMetric, string> = {
  cores: "cores bind",
  memory_bytes: "memory binds",
  disk_bytes: "disk binds",
  network_bytes_per_s: "network binds",
};

/**
 * The answer in one sentence.
 *
 * @param sizing What one target needs.
 * @param assumptions Name the chosen shape.
 * @returns For example "100 sessions: 4 cores, 3.1 GiB RAM, 12 Mbit/s on one machine; cores bind."
 */
export function describeSizing({ rows, fleet, binding }: TargetSizing, { shapes, shape }: Assumptions): string {
  const unsure = rows.some(({ notes }) => notes.some((note) => note.startsWith("No curve")))
    ? "Too few usable levels for a band. "
    : "";
  const target = rows[0].target_sessions;
  const noun = target === 1 ? "session" : "sessions";
  const shared = rows.filter(({ part }) => part === "shared");
  const own = rows.filter(({ part }) => part !== "shared");
  const replicated = own[0]?.basis === "replicated" && fleet !== undefined;
  const parts = [
    ...(own.length === 0
      ? []
      : [replicated ? fleetText(fleet, own, shapes.find(({ name }) => name === shape)) : machineText(own)]),
    ...(shared.length === 0
      ? []
      : [`${own.length > 0 ? "and for the target that they share " : ""}${machineText(shared)}`]),
  ];
  const end = replicated ? fleetEnd(fleet, BINDS[binding.metric]) : BINDS[binding.metric];
  return `${unsure}${target} ${noun}: ${parts.join(", ")}; ${end}.`;
}

function machineText(rows: readonly SizingRow[]): string {
  const needs = rows.flatMap(({ metric, recommended }) => {
    if ((metric === "disk_bytes" || metric === "network_bytes_per_s") && recommended === 0) return [];
    const text = formatQuantity(recommended, metric);
    return [metric === "memory_bytes" ? `${text} RAM` : metric === "disk_bytes" ? `${text} disk` : text];
  });
  const label = rows[0].basis === "extrapolated" ? `, extrapolated ${REACH[furthest(rows)]} the measured levels` : "";
  return `${needs.join(", ")} on one machine${label}`;
}

function fleetText(fleet: FleetRow, rows: readonly SizingRow[], shape?: WorkerShape): string {
  const spare = fleet.spare === 0 ? "no spare" : fleet.spare === 1 ? "one spare" : `${fleet.spare} spare`;
  const has = (metric: SizingMetric) => rows.some((row) => row.metric === metric && row.recommended > 0);
  const each = [
    ...(has("cores") ? [`${fleet.cores_per_worker} vCPU`] : []),
    ...(has("memory_bytes") ? [formatQuantity(fleet.memory_bytes_per_worker, "bytes")] : []),
    ...(fleet.disk_bytes_per_worker > 0 ? [`${formatQuantity(fleet.disk_bytes_per_worker, "bytes")} disk`] : []),
  ].join(" / ");
  const named = fleet.shape !== undefined && shape ? `${shape.name} (${each}, ${spare})` : `${each} (${spare})`;
  const wire = rows.find(({ metric }) => metric === "network_bytes_per_s");
  const total = wire && wire.recommended > 0 ? `, ${formatQuantity(wire.recommended, wire.metric)} in all` : "";
  const price = fleet.price_per_hour === undefined ? "" : `, ${Number(fleet.price_per_hour.toPrecision(4))} an hour`;
  const splits = rows.some(({ notes }) => notes.some((note) => note.startsWith("Assumes that the sessions split")))
    ? `, if they split into groups of ${fleet.sessions_per_worker}`
    : "";
  return `${fleet.workers} ${fleet.workers === 1 ? "worker" : "workers"} of ${named}${total}${price}${splits}`;
}

function fleetEnd({ binds, sessions_per_worker }: FleetRow, metric: string): string {
  const carried = formatQuantity(sessions_per_worker, "sessions");
  if (binds === "top_level") return `the highest level measured, ${carried}, binds`;
  if (binds === "slo") return `the objective, kept up to ${carried}, binds`;
  if (binds === "knee") return `the knee of throughput, at ${carried}, binds`;
  if (binds === "target") return metric;
  return `${BINDS[binds]} at ${carried} a worker`;
}
