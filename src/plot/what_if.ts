import type { Assumptions, Sizing } from "../schema/mod.ts";
import { sizingPanels } from "./sizing_panels.ts";
import { type ChartSpec, themed } from "./theme.ts";

type Field = keyof Assumptions;

/**
 * Draws sizings of one run under different assumptions, one at a time, with a slider for each assumption that differs.
 *
 * The sliders select among rows that `size` computed; nothing is computed in the chart. Without a program that draws
 * Vega-Lite, as in a printed notebook, the first sizing is shown.
 *
 * @param sizings One for each combination of the assumptions that differ, the first of them shown first. Values at even
 *   steps get a slider, others a list.
 * @returns A Vega-Lite v6 specification.
 * @throws {RangeError} If no number among the assumptions differs, or a combination is missing.
 *
 * @example Safety against utilisation
 * ```ts
 * import { fitAll, size, whatIf } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const levels = [1, 2, 4, 8, 16].map((n) => ({
 *   level: n, replicate: 1, attempt: 1, sessions: n, window_s: 30, requests: 30 * n, flags: [],
 *   metrics: { serving_cores: 0.1 * n, serving_memory_bytes: 1e8 + 1e6 * n },
 * }));
 * const summary = {
 *   run: "data/runs/a", mode: "http" as const, url: "http://127.0.0.1:8000/", size_groups: ["target"],
 *   capacity: { cores: 4, memory_bytes: 8 * 2 ** 30 },
 *   baseline: { os_cores: 0, os_memory_bytes: 2 ** 29, drift_cores: 0 }, levels, warnings: [],
 * };
 * const fits = fitAll(summary);
 * const sizings = [1.1, 1.3, 1.5].flatMap((safety) =>
 *   [0.5, 0.65, 0.8].map((utilisation) => size(summary, fits, { targets: [16], safety, utilisation }))
 * );
 * const [safety, utilisation] = whatIf(sizings).params as { name: string; value: number }[];
 * assert.deepEqual([safety.name, safety.value, utilisation.name], ["if_safety", 1.1, "if_utilisation"]);
 * ```
 */
export function whatIf(sizings: readonly Sizing[]): ChartSpec {
  const fields = differing(sizings);
  const values = new Map(fields.map((field) => [field, valuesOf(sizings, field)]));
  const combinations = [...values.values()].reduce((product, { length }) => product * length, 1);
  const given = new Set(sizings.map((sizing) => fields.map((field) => sizing.assumptions[field]).join(" "))).size;
  if (fields.length === 0 || given !== combinations) {
    throw new RangeError(
      `Cannot draw what-if as there must be a sizing for every combination of the assumptions that differ (${
        fields.join(", ") || "none"
      }): current value is ${given} of ${combinations}`,
    );
  }
  const filter = fields.map((field) => {
    const step = stepOf(values.get(field)!) ?? 1e-9;
    return `abs(datum.${field} - ${parameter(field)}) < ${step / 2}`;
  }).join(" && ");
  return themed({
    title: {
      text: "What to buy, if",
      subtitle: `Choose ${
        words(fields)
      } below. Bar: 95 % band of the expected use at the peak; at the right what to buy`,
    },
    params: fields.map((field) => ({
      name: parameter(field),
      value: sizings[0].assumptions[field],
      bind: { name: `${field.replaceAll("_", " ")} `, ...control(values.get(field)!) },
    })),
    ...sizingPanels(
      sizings.map(({ rows, assumptions }) => ({
        rows,
        setting: Object.fromEntries(fields.map((field) => [field, assumptions[field] as number])),
      })),
      filter,
    ),
  });
}

/** Numbers only: what follows from others, such as measured defaults, is not a choice of its own. */
function differing(sizings: readonly Sizing[]): Field[] {
  const names = Object.keys(sizings[0]?.assumptions ?? {}) as Field[];
  const candidates = names.filter((field) =>
    typeof sizings[0].assumptions[field] === "number" && valuesOf(sizings, field).length > 1
  );
  // Where one decides the other, as hours a day decide snapshots a day, the first of them is the choice.
  return candidates.filter((field, index) =>
    !candidates.slice(0, index).some((other) =>
      valuesOf(sizings, other).length === valuesOf(sizings, field).length &&
      new Set(sizings.map(({ assumptions }) => `${assumptions[other]} ${assumptions[field]}`)).size ===
        valuesOf(sizings, field).length
    )
  );
}

function valuesOf(sizings: readonly Sizing[], field: Field): number[] {
  return [...new Set(sizings.map(({ assumptions }) => assumptions[field] as number))].toSorted((a, b) => a - b);
}

function parameter(field: Field): string {
  return `if_${field}`;
}

function control(values: readonly number[]): Record<string, unknown> {
  const step = stepOf(values);
  return step === undefined
    ? { input: "select", options: values }
    : { input: "range", min: values[0], max: values.at(-1), step };
}

/** The step of evenly spaced values. */
function stepOf(values: readonly number[]): number | undefined {
  const step = (values.at(-1)! - values[0]) / (values.length - 1);
  const even = values.every((value, index) => Math.abs(value - values[0] - index * step) < 1e-6 * step);
  return even ? Number(step.toPrecision(12)) : undefined;
}

function words(fields: readonly Field[]): string {
  const names = fields.map((field) => field.replaceAll("_", " "));
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
