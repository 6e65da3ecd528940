import type { ReportDocument } from "../schema/report.ts";
import type { Sizing, SizingMetric, WorkerLimit } from "../schema/sizing.ts";
import { formatQuantity, formatRange, tabulateAssumptions, WORKER_LIMITS } from "../size/mod.ts";
import { memoryLine, sizingTable } from "./result_text.ts";
import { textTable } from "./text_table.ts";

const RESOURCES: Record<SizingMetric, string> = {
  cores: "cores",
  memory_bytes: "RAM",
  disk_bytes: "disk",
  network_bytes_per_s: "network",
};
const LIMITS: Record<WorkerLimit, string> = { ...RESOURCES, ...WORKER_LIMITS };
const REACH = { none: "", "2x": "extrapolated to 2×", "4x": "extrapolated to 4×", beyond: "a guess beyond 4×" };
/** Shapes shown for each target; JSON has all. */
const MOST_SHAPES = 5;

/** A sizing for a terminal: the answer first, the table, then fleet, disk, generators, sensitivity and all assumptions. */
export function sizeText({ sizing, summary }: Pick<ReportDocument, "sizing" | "summary">): string {
  const section = (title: string, text: string) => text === "" ? [] : ["", title, text];
  return [
    sizing.answer,
    ...(sizing.slo ? [sizing.slo.text] : []),
    ...(sizing.rows.length > 0 ? ["", sizingTable(sizing.rows), memoryLine(sizing.assumptions.baseline_os_bytes)] : []),
    ...notes(sizing),
    ...summary.warnings.map((text) => `Mind: ${text}`),
    ...section("Workers, each at sessions that were measured:", fleetTable(sizing)),
    ...section("Shapes, the best first:", shapesTable(sizing)),
    ...section("Disk by kind of artifact:", artifactTable(sizing)),
    ...section(
      "Disk to buy, if screenshots were taken otherwise (bytes as measured; what taking them costs in CPU is in no such number):",
      screenshotTable(sizing),
    ),
    ...section("Machines to drive a sweep at the target:", generatorTable(sizing)),
    ...section("One assumption changed, all else kept:", sensitivityTable(sizing)),
    ...section("Assumed:", assumptionTable(sizing)),
  ].join("\n");
}

function notes({ rows }: Sizing): string[] {
  const skipped = /^(Textbook:|No artifacts were written)/;
  return [...new Set(rows.flatMap((row) => row.notes))].filter((note) => !skipped.test(note)).map((note) =>
    `Note: ${note}`
  );
}

function fleetTable({ fleet }: Sizing): string {
  if (fleet.length === 0) return "";
  return textTable(
    ["sessions", "workers", "spare", "sessions a worker", "vCPU", "RAM", "disk", "cores in use", "binds", "an hour"],
    fleet.map((row) => [
      String(row.target_sessions),
      String(row.workers),
      String(row.spare),
      String(row.sessions_per_worker),
      String(row.cores_per_worker),
      formatQuantity(row.memory_bytes_per_worker, "bytes"),
      formatQuantity(row.disk_bytes_per_worker, "bytes"),
      row.use.cores ? formatRange(row.use.cores.interval, "cores") : "–",
      LIMITS[row.binds],
      row.price_per_hour === undefined ? "–" : String(Number(row.price_per_hour.toPrecision(4))),
    ]),
    [0, 1, 2, 3, 4, 5, 6, 7, 9],
  );
}

function shapesTable({ shapes }: Sizing): string {
  if (shapes.length < 2) return "";
  const groups = [...Map.groupBy(shapes, ({ target_sessions }) => target_sessions).values()];
  const rows = groups.flatMap((group) =>
    group.slice(0, MOST_SHAPES).map((row, index) => {
      const target = index === 0 ? String(row.target_sessions) : "";
      if (row.state === "too_small") return [target, row.shape, "–", "–", `too small: ${RESOURCES[row.binds]}`, "–"];
      const price = row.price_per_hour === undefined ? "–" : String(Number(row.price_per_hour.toPrecision(4)));
      return [target, row.shape, String(row.workers), String(row.sessions_per_worker), LIMITS[row.binds], price];
    })
  );
  const hidden = shapes.length - rows.length;
  const table = textTable(["sessions", "shape", "workers", "sessions a worker", "binds", "an hour"], rows, [
    0,
    2,
    3,
    5,
  ]);
  return hidden > 0 ? `${table}\n${hidden} more with --json.` : table;
}

function artifactTable({ artifacts }: Sizing): string {
  if (artifacts.length === 0) return "";
  return textTable(
    ["sessions", "kind", "a session-hour", "share", "kept", "at most", ""],
    artifacts.map((row) => [
      String(row.target_sessions),
      row.kind,
      formatQuantity(row.bytes_per_session_hour, "bytes"),
      `${Number((100 * row.share).toPrecision(3))} %`,
      formatQuantity(row.estimate, "bytes"),
      formatQuantity(row.upper, "bytes"),
      REACH[row.extrapolation],
    ]),
    [0, 2, 3, 4, 5],
  );
}

function screenshotTable({ screenshots }: Sizing): string {
  if (screenshots.length === 0) return "";
  return textTable(
    ["sessions", "every", "as", "a screenshot", "disk to buy", ""],
    screenshots.map((row) => [
      String(row.target_sessions),
      formatQuantity(1000 * row.every_s, "ms"),
      row.quality === undefined ? row.format : `${row.format} ${row.quality}`,
      formatQuantity(row.bytes_per_snapshot, "bytes"),
      formatQuantity(row.recommended, "bytes"),
      REACH[row.extrapolation],
    ]),
    [0, 1, 3, 4],
  );
}

function generatorTable({ generators }: Sizing): string {
  if (generators.length === 0) return "";
  return textTable(
    ["sessions", "machines", "of", "sessions each", "cores in use", "binds", ""],
    generators.map((row) => [
      String(row.target_sessions),
      String(row.machines),
      `${row.cores_per_machine} vCPU / ${formatQuantity(row.memory_bytes_per_machine, "bytes")}`,
      String(row.sessions_per_machine),
      formatRange(row.cores.interval, "cores"),
      row.binds === "top_level" ? "4 × the highest level measured" : LIMITS[row.binds],
      [REACH[row.extrapolation], ...row.notes].filter((text) => text !== "").join("; "),
    ]),
    [0, 1, 3, 4],
  );
}

function sensitivityTable({ sensitivity, assumptions }: Sizing): string {
  if (sensitivity.length === 0) return "";
  const shown = (value: number, assumption: string) =>
    assumption.endsWith("_bytes") ? formatQuantity(value, "bytes") : String(Number(value.toPrecision(4)));
  const groups = [...Map.groupBy(sensitivity, ({ assumption, metric }) => `${assumption} ${metric}`).values()];
  return textTable(
    ["assumption", "from", "to", "what", ...assumptions.targets.map((target) => formatQuantity(target, "sessions"))],
    groups.map((rows) => [
      rows[0].assumption.replace(/_bytes$/, "").replaceAll("_", " "),
      shown(rows[0].from, rows[0].assumption),
      shown(rows[0].to, rows[0].assumption),
      RESOURCES[rows[0].metric],
      ...assumptions.targets.map((target) =>
        rows.filter((row) => row.target_sessions === target)
          .map(({ recommended_from, recommended_to, metric, extrapolation }) =>
            `${formatQuantity(recommended_from, metric)} → ${formatQuantity(recommended_to, metric)}` +
            (extrapolation === "none" ? "" : ` (${REACH[extrapolation]})`)
          ).join(", ") || "unchanged"
      ),
    ]),
    [1, 2],
  );
}

function assumptionTable({ assumptions }: Sizing): string {
  const rows = tabulateAssumptions(assumptions).map(({ assumption, value, meaning }) => [assumption, value, meaning]);
  return textTable(["assumption", "value", "meaning"], rows, [1]);
}
