import { curveByName, evaluate } from "../model/mod.ts";
import type { MetricFit, ModelFit, Verdict } from "../schema/mod.ts";
import type { MetricAxis } from "./metric_axis.ts";
import { type ChartSpec, NUMBER, palette, roleOf, significant, themed, wrapText } from "./theme.ts";

/** A thin line drawn for comparison. */
export interface ReferenceLine {
  /** Its name in the legend. */
  name: string;
  rows: { sessions: number; estimate: number }[];
}

/** A concurrency to point out, with one value above it. */
export interface Mark {
  sessions: number;
  /** In the metric's own unit. */
  value: number;
  /** Written at the top of the chart. */
  heading: string;
  /** Written beside the value. */
  label: string;
  /** Its name in the legend. */
  kind: string;
  /** @default "diamond" */
  shape?: string;
  /** Where the label stands: over a peak nothing is in its way. @default beside the mark */
  place?: "above";
}

/** What {@linkcode fitChart} draws beside the fit itself. */
export interface FitChartOptions {
  axis: MetricAxis;
  /** Right end of the curve [sessions]. */
  upTo: number;
  references: ReferenceLine[];
  marks: Mark[];
}

const NAMES: Record<string, string> = { usl: "USL", amdahl: "Amdahl" };
const SHAPES: Record<MetricFit["kind"], Record<Verdict["kind"], string>> = {
  demand: {
    linear: "grows linearly with sessions",
    superlinear: "grows faster than linearly",
    sublinear: "grows slower than linearly",
    saturating: "levels off",
    inconclusive: "cannot yet be told linear or curved",
  },
  throughput: {
    linear: "rises linearly with sessions",
    superlinear: "rises faster than linearly",
    sublinear: "rises slower than linearly",
    saturating: "levels off",
    inconclusive: "cannot yet be told linear or curved",
  },
};
const STEPS = 72;
/** How far the axis goes beyond the curve, which share of it counts as low, and how far beyond the levels a curve is shown to go on. */
const [END, LOW, BEYOND] = [1.03, 0.065, 1.02];
/** Where a mark's label stands. */
const LABELS = {
  left: { align: "right", dx: -9 },
  right: { align: "left", dx: 8, dy: 10 },
  low: { align: "left", dx: 6, dy: -12 },
  above: { align: "center", dy: -13 },
};
/** Widths of a heading's letter and of the narrowest plot that is catered for [px]. */
const [LETTER, NARROW] = [6.2, 250];

/** A model's name in running text: `usl` is `USL`, `broken_stick` is `broken stick`. */
export function modelLabel(name: string): string {
  return name.split(" + ").map((one) => NAMES[one] ?? one.replaceAll("_", " ")).join(" + ");
}

/** One model's own curve: `evaluate` reads several together beyond the measured levels. */
export function readModel(model: ModelFit, sessions: number): number {
  const curve = curveByName(model.name);
  return curve.value(sessions, curve.parameters.map((name) => model.parameters[name].value));
}

/** The concurrencies that a curve is drawn at [sessions]: even steps up to `upTo`, the measured top, and `also`. */
export function curveGrid(fit: MetricFit, upTo: number, also: readonly number[] = []): number[] {
  const [from, top] = fit.range;
  const even = Array.from({ length: STEPS + 1 }, (_, step) => from + (upTo - from) * step / STEPS);
  return [...new Set([...even, top, ...also])].filter((n) => n >= from && n <= upTo).toSorted((a, b) => a - b);
}

/** The chart that demand and throughput share: points, bands, curve, lines for comparison, marks. */
export function fitChart(fit: MetricFit, options: FitChartOptions): ChartSpec {
  const { axis, upTo } = options;
  const colour = palette[roleOf(fit.metric)];
  const percent = `${Math.round(fit.level * 100)} %`;
  const bands = [`${percent} band of the mean`, `${percent} band of a new run`];
  const points = pointRows(fit, axis);
  const curve = fit.accepted === null ? [] : curveRows(fit, options);
  const marks = options.marks.map((mark, index) => ({
    ...mark,
    value: mark.value / axis.divisor,
    // On a telephone, headings of neighbours would run into each other.
    row: index > 0 && (mark.sessions - options.marks[index - 1].sessions) / upTo <
        LETTER * (mark.heading.length + options.marks[index - 1].heading.length) / 2 / NARROW
      ? 1
      : 0,
  }));

  const highest = Math.max(...points.map((row) => row.value), ...curve.map((row) => row.estimate), Number.MIN_VALUE);
  const ceiling = (marks.some(({ place }) => place === "above") ? 1.12 : 1.06) * Math.max(
    highest,
    ...curve.map((row) => Math.min(row.prediction_upper, 1.8 * highest)),
    // A band may run out of the picture; what sizing uses should not, unless it would flatten all else.
    ...marks.map((mark) => Math.min(mark.value, 4 * highest)),
  );
  const references = options.references.map(({ name, rows }) => ({
    name,
    rows: rows.map((row) => ({ sessions: row.sessions, estimate: row.estimate / axis.divisor, curve: name })),
  }));
  const names = [...new Set(curve.map((row) => row.curve)), ...references.map((reference) => reference.name)];
  const isReference = (name: string) => references.some((reference) => reference.name === name);
  const pick = <T>(own: T, beyond: T, reference: T) =>
    names.map((name, index) => isReference(name) ? reference : index === 0 ? own : beyond);
  const kinds = [...new Set([MEASURED, ...points.map((row) => row.kind), ...marks.map((row) => row.kind)])];

  const sessions = { field: "sessions", type: "quantitative" };
  const isMark = (name: string) => marks.some(({ kind }) => kind === name);
  const shapeOf = (name: string) => marks.find(({ kind }) => kind === name)?.shape ?? "diamond";
  const symbols = {
    shape: categories("kind", kinds, kinds.map((name) => isMark(name) ? shapeOf(name) : "circle"), {}),
    fill: categories("kind", kinds, kinds.map((name) => isMark(name) ? palette.ink : fillOf(name, colour)), {}),
    stroke: categories("kind", kinds, kinds.map((name) => isMark(name) ? palette.ink : colour), {}),
  };
  const line = (rows: string, width: number): ChartSpec => ({
    data: { name: rows },
    mark: { type: "line", strokeWidth: width, clip: true, tooltip: null },
    encoding: {
      x: sessions,
      y: { field: "estimate", type: "quantitative" },
      color: categories("curve", names, pick<string>(colour, colour, palette.system), LINE_LEGEND),
      strokeDash: categories("curve", names, pick([1, 0], [6, 4], [1, 0]), LINE_LEGEND),
    },
  });
  // Left of its mark a label is clear of the curve, but close to the axis it would run into the axis' own labels, and
  // right of a mark near the lower axis it has to stand above that.
  const sideOf = ({ place, sessions, value }: typeof marks[number]): keyof typeof LABELS =>
    place ?? (sessions >= 0.4 * upTo ? "left" : value < LOW * ceiling ? "low" : "right");
  const labels = marks.filter(({ value }) => value <= ceiling).map((mark) => ({ ...mark, side: sideOf(mark) }));
  const sides = [...new Set(labels.map(({ side }) => side))];
  // A line that crosses a label is kept off its letters.
  const markLabel = (side: keyof typeof LABELS, halo: boolean): ChartSpec => ({
    data: { name: "labels" },
    transform: [{ filter: { field: "side", equal: side } }],
    mark: {
      type: "text",
      ...LABELS[side],
      baseline: "middle",
      fontWeight: "bold",
      ...(halo
        ? {
          color: palette.paper,
          stroke: palette.paper,
          strokeWidth: 3,
          strokeJoin: "round",
          opacity: 0.85,
          aria: false,
        }
        : { color: palette.ink }),
    },
    encoding: { x: sessions, y: { field: "value", type: "quantitative" }, text: { field: "label" } },
  });
  const ofOne = fit.points.some(({ worker }) => worker !== undefined) ? " of one worker" : "";
  return themed({
    title: {
      text: fit.models.length === 0
        ? `${axis.label}${ofOne}: not enough to fit a curve`
        : `${axis.label}${ofOne} ${SHAPES[fit.kind][fit.verdict.kind]}`,
      subtitle: wrapText(fit.verdict.text),
    },
    datasets: {
      points,
      curve,
      bands: curve.flatMap((row) => [
        { sessions: row.sessions, band: bands[1], lower: row.prediction_lower, upper: row.prediction_upper },
        { sessions: row.sessions, band: bands[0], lower: row.confidence_lower, upper: row.confidence_upper },
      ]),
      references: references.flatMap((reference) => reference.rows),
      marks,
      ...(labels.length === 0 ? {} : { labels }),
    },
    encoding: {
      x: {
        type: "quantitative",
        title: `Concurrent sessions${ofOne}`,
        scale: { domain: [0, END * upTo], nice: false },
        axis: { tickMinStep: 1 },
      },
      y: {
        type: "quantitative",
        title: axis.title,
        scale: { domain: [0, ceiling], nice: false },
        axis: { titleY: -8 - 18 * Math.min(marks.length, 1) - 15 * Math.max(0, ...marks.map(({ row }) => row)) },
      },
    },
    layer: [
      ...(curve.length === 0 ? [] : [{
        data: { name: "bands" },
        mark: { type: "area", fill: colour, clip: true, tooltip: null },
        encoding: {
          x: sessions,
          y: { field: "lower", type: "quantitative" },
          y2: { field: "upper" },
          opacity: {
            field: "band",
            type: "ordinal",
            scale: { domain: bands, range: [0.3, 0.12] },
            legend: { symbolType: "square", symbolSize: 110, symbolFillColor: colour, symbolStrokeWidth: 0 },
          },
        },
      }]),
      ...(marks.length === 0 ? [] : [{
        data: { name: "marks" },
        mark: { type: "rule", stroke: palette.axis, strokeDash: [2, 3] },
        encoding: { x: sessions },
      }, {
        data: { name: "marks" },
        mark: { type: "text", align: "center", baseline: "bottom", dy: { expr: "datum.row === 1 ? -20 : -5" } },
        encoding: { x: sessions, y: { value: 0 }, text: { field: "heading" } },
      }]),
      ...(references.length === 0 ? [] : [line("references", 1)]),
      ...(curve.length === 0 ? [] : [line("curve", 2.25)]),
      ...(curve.length === 0 ? [] : [{
        data: { name: "curve" },
        mark: { type: "rule", strokeWidth: 10, opacity: 0 },
        encoding: {
          x: sessions,
          tooltip: [
            { field: "sessions", type: "quantitative", title: "sessions", format: NUMBER },
            { field: "estimate", type: "quantitative", title: withUnit("estimate", axis), format: NUMBER },
            { field: "confidence", type: "nominal", title: bands[0] },
            { field: "prediction", type: "nominal", title: bands[1] },
            { field: "curve", type: "nominal", title: "curve" },
          ],
        },
      }]),
      {
        data: { name: "points" },
        transform: [{ filter: { field: "sessions", lte: END * upTo } }],
        // Not clipped: half of a point that lies on the axis is a point that one misreads.
        mark: { type: "point", size: 42, strokeWidth: 1.5, opacity: 1 },
        encoding: {
          x: sessions,
          y: { field: "value", type: "quantitative" },
          ...symbols,
          tooltip: [
            { field: "value", type: "quantitative", title: axis.title, format: NUMBER },
            { field: "sessions", type: "quantitative", title: "sessions observed", format: NUMBER },
            { field: "level", type: "quantitative", title: "level" },
            { field: "replicate", type: "quantitative", title: "replicate" },
            { field: "reason", type: "nominal", title: "fit" },
          ],
        },
      },
      ...(marks.length === 0 ? [] : [
        {
          data: { name: "marks" },
          mark: { type: "point", size: 66, opacity: 1, clip: true },
          encoding: {
            x: sessions,
            y: { field: "value", type: "quantitative" },
            ...symbols,
            tooltip: [
              { field: "heading", type: "nominal", title: "at" },
              { field: "label", type: "nominal", title: "value" },
              { field: "kind", type: "nominal", title: "what" },
            ],
          },
        },
        ...sides.flatMap((side) => [markLabel(side, true), markLabel(side, false)]),
      ]),
    ],
  });
}

/** What a point that a fit used is called in legends. */
export const MEASURED = "measured";
/** A legend of lines: their symbols are strokes, long enough to show a dash. */
export const LINE_LEGEND = { symbolType: "stroke", symbolSize: 260 };

/** A nominal channel with a fixed colour, shape or dash for each of its values. */
export function categories(
  field: string,
  domain: readonly string[],
  range: readonly unknown[],
  legend: ChartSpec,
): ChartSpec {
  return { field, type: "nominal", scale: { domain, range }, legend };
}

/** Solid where it was used, hollow where it was left out. */
export function fillOf(kind: string, colour: string): string {
  return kind === MEASURED ? colour : palette.paper;
}

/** `target_saturated: The target …` is `left out: target saturated`; the whole reason is in the tooltip. */
function leftOut(reason: string): string {
  const name = /^([a-z_]+):/.exec(reason)?.[1];
  return name === undefined ? "left out of the fit" : `left out: ${name.replaceAll("_", " ")}`;
}

/** A fit's replicates as rows; those left out carry the reason. */
export function pointRows(fit: MetricFit, axis: MetricAxis) {
  return fit.points.map((point) => ({
    sessions: point.sessions,
    value: point.value / axis.divisor,
    replicate: point.replicate,
    level: point.level,
    kind: point.excluded === undefined ? MEASURED : leftOut(point.excluded),
    reason: point.excluded === undefined ? "used" : `left out: ${point.excluded}`,
  }));
}

interface CurveRow extends Record<string, unknown> {
  sessions: number;
  estimate: number;
  confidence_lower: number;
  confidence_upper: number;
  prediction_lower: number;
  prediction_upper: number;
  curve: string;
}

function curveRows(fit: MetricFit, { axis, upTo, marks }: FitChartOptions): CurveRow[] {
  const name = modelLabel(fit.accepted!);
  const top = fit.range[1];
  const grid = curveGrid(fit, upTo, marks.map((mark) => mark.sessions));
  const row = (sessions: number, curve: string): CurveRow => {
    const at = evaluate(fit, sessions);
    const confidence = at.confidence.map((edge) => edge / axis.divisor);
    const prediction = at.prediction.map((edge) => edge / axis.divisor);
    return {
      sessions,
      estimate: at.estimate / axis.divisor,
      confidence_lower: confidence[0],
      confidence_upper: confidence[1],
      confidence: confidence.map(significant).join(" – "),
      prediction_lower: prediction[0],
      prediction_upper: prediction[1],
      prediction: prediction.map(significant).join(" – "),
      curve,
    };
  };
  const inside = grid.filter((n) => n <= top).map((n) => row(n, `${name} curve`));
  const beyond = grid.filter((n) => n >= top).map((n) => row(n, "beyond the measured levels"));
  return upTo > BEYOND * top ? [...inside, ...beyond] : inside;
}

/** `estimate [cores]`; the word alone for a metric of unknown unit. */
export function withUnit(word: string, axis: MetricAxis): string {
  return axis.unit === "" ? word : `${word} [${axis.unit}]`;
}
