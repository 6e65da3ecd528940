import type { Assumptions } from "../schema/mod.ts";

/** An assumption that the what-if panel asks for. */
export interface WhatIfField {
  name: keyof Assumptions;
  /** Of `plimsoll size`. */
  flag: string;
  /** With its unit. */
  label: string;
  /**
   * How it is written: `percent` of a share, `mebibytes` of bytes, `targets` as a list, `choice` of words, `switch` for
   * yes or no, `shape` for a machine by its name.
   */
  kind: "number" | "whole" | "percent" | "mebibytes" | "targets" | "choice" | "switch" | "shape";
  /** As written: ends and step of a slider. What may be typed is for `size` to say. */
  slider?: [low: number, high: number, step: number];
  /** Of a `choice`. */
  choices?: string[];
}

/** The panel, group by group. An assumption that is not here stays as in the report. */
export const WHAT_IF: readonly { legend: string; fields: readonly WhatIfField[] }[] = [
  {
    legend: "Load",
    fields: [
      { name: "targets", flag: "target", label: "Targets [sessions]", kind: "targets" },
      { name: "peak", flag: "peak", label: "Peak to mean [×]", kind: "number", slider: [1, 5, 0.1] },
      { name: "topology", flag: "topology", label: "Topology", kind: "choice", choices: ["replicated", "shared"] },
      { name: "extrapolate", flag: "extrapolate", label: "Extrapolate beyond 4×", kind: "switch" },
    ],
  },
  {
    legend: "CPU and memory",
    fields: [
      { name: "safety", flag: "safety", label: "Safety factor [×]", kind: "number", slider: [1, 3, 0.05] },
      {
        name: "utilisation",
        flag: "utilisation",
        label: "CPU utilisation ρ [%]",
        kind: "percent",
        slider: [30, 100, 1],
      },
      {
        name: "memory_headroom",
        flag: "memory-headroom",
        label: "Memory headroom [%]",
        kind: "percent",
        slider: [0, 100, 1],
      },
      { name: "baseline_os_bytes", flag: "baseline-os-bytes", label: "Operating system [MiB]", kind: "mebibytes" },
      { name: "shape", flag: "shape", label: "Worker shape", kind: "shape" },
      { name: "spare_workers", flag: "spare", label: "Spare workers", kind: "whole", slider: [0, 10, 1] },
    ],
  },
  {
    legend: "Disk",
    fields: [
      {
        name: "retention_days",
        flag: "retention-days",
        label: "Retention [days]",
        kind: "number",
        slider: [0, 365, 1],
      },
      {
        name: "retention_count",
        flag: "retention-count",
        label: "Screenshots kept [a session slot]",
        kind: "whole",
      },
      {
        name: "session_hours_per_day",
        flag: "session-hours",
        label: "Sessions [hours a day]",
        kind: "number",
        slider: [0, 24, 0.5],
      },
      { name: "snapshots_per_session", flag: "snapshots", label: "Snapshots [a session-day]", kind: "number" },
      { name: "replication", flag: "replication", label: "Copies", kind: "number", slider: [1, 5, 1] },
      { name: "free_space", flag: "free-space", label: "Kept free [%]", kind: "percent", slider: [0, 90, 1] },
      {
        name: "baseline_storage_bytes",
        flag: "baseline-storage-bytes",
        label: "Stored already [MiB]",
        kind: "mebibytes",
      },
    ],
  },
];

/** All fields of the panel. */
export const WHAT_IF_FIELDS: readonly WhatIfField[] = WHAT_IF.flatMap(({ fields }) => fields);

const MIB = 2 ** 20;

/**
 * An assumption as the panel writes it.
 *
 * @example A share in percent
 * ```ts
 * import { fieldText, WHAT_IF_FIELDS } from "./what_if_fields.ts";
 * import assert from "node:assert/strict";
 *
 * const utilisation = WHAT_IF_FIELDS.find(({ name }) => name === "utilisation")!;
 * assert.equal(fieldText(utilisation, 0.65), "65");
 * ```
 */
export function fieldText({ kind }: WhatIfField, value: Assumptions[keyof Assumptions]): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value !== "number") return String(value);
  if (kind === "percent") return String(Number((100 * value).toPrecision(15)));
  return String(kind === "mebibytes" ? value / MIB : value);
}

/**
 * What a text of the panel assumes.
 *
 * @param field Says how it is written.
 * @param written As typed; nothing means the default, or what was measured.
 * @returns `undefined` for nothing. What is no number becomes `NaN`, for `size` to refuse.
 * @throws {RangeError} If a number that must be whole is not.
 *
 * @example A share in percent
 * ```ts
 * import { readField, WHAT_IF_FIELDS } from "./what_if_fields.ts";
 * import assert from "node:assert/strict";
 *
 * const utilisation = WHAT_IF_FIELDS.find(({ name }) => name === "utilisation")!;
 * assert.equal(readField(utilisation, "12.3"), 0.123);
 * assert.equal(readField(utilisation, " "), undefined);
 * ```
 */
export function readField({ name, kind }: WhatIfField, written: string): Assumptions[keyof Assumptions] | undefined {
  const text = written.trim();
  if (text === "") return undefined;
  if (kind === "choice" || kind === "shape") return text as Assumptions["topology"];
  if (kind === "switch") return text === "true";
  if (kind === "targets") return [...new Set(text.split(/[\s,;]+/).filter(Boolean).map(Number))].sort((a, b) => a - b);
  // The decimal point is moved in the text: 12.3 / 100 is not 0.123.
  const value = kind === "percent" && /^[-+\d.]+$/.test(text) ? Number(`${text}e-2`) : Number(text);
  if (kind === "whole" && !Number.isInteger(value)) {
    throw new RangeError(`Cannot size as ${name} must be a whole number: current value is ${text}`);
  }
  return kind === "mebibytes" ? value * MIB : value;
}
