import { mean, median } from "simple-statistics";
import { textTable } from "../../src/cli/text_table.ts";
import { curveByName, evaluate, fitPoints } from "../../src/model/mod.ts";
import type { MetricFit, ModelFit } from "../../src/schema/mod.ts";
import { leastSquares, tQuantile } from "../../src/stats/mod.ts";
import { type Case, casesOf, demandSeries, throughputSeries } from "./real_sweeps.ts";

const NOMINAL = 0.9;

/** How well a method predicted the levels at twice the top, over all cases that it could be used on. */
export interface Score {
  method: string;
  cases: number;
  /** Of the absolute relative error. */
  median_error: number;
  /** Share of the cases in which the band held what was observed. */
  coverage: number;
  /** Mean interval score of the 90 % band on the ln scale: its width, and 20 × by how far it missed. Lower is better. */
  interval_score: number;
}

interface Prediction {
  estimate: number;
  band: [number, number];
}

/** Predicting the level at twice the top of real sweeps: Plimsoll's band, each single curve, the best by AICc, and R's. */
export async function bench(): Promise<void> {
  print("Throughput", compareMethods(casesOf(throughputSeries())));
  const demand = casesOf(await demandSeries(), FEWEST_DEMAND_LEVELS);
  print("CPU and memory", compareMethods(demand));
  const { held, ratio } = upperBounds(demand);
  console.log(
    `The upper bound that sizing uses holds ${(100 * held).toFixed(1)} % of them, at a median of ${
      ratio.toFixed(3)
    } × what was observed.`,
  );
}

/** How often what was observed is at or under the bound that sizing uses, and the median of bound ÷ observed. */
export function upperBounds(cases: readonly Case[]): { held: number; ratio: number } {
  const ratios = cases.map(({ kind, known, next }) =>
    evaluate(fitPoints(known, { metric: kind, kind, at: [] }), next.sessions).sizing_upper / next.value
  );
  return { held: mean(ratios.map((ratio) => ratio >= 1 ? 1 : 0)), ratio: median(ratios) };
}

/** The published series of demand are short, and a line can be fitted to three levels. */
export const FEWEST_DEMAND_LEVELS = 3;

function print(what: string, scores: readonly Score[]): void {
  const percent = (ratio: number) => `${(100 * ratio).toFixed(1)} %`;
  console.log(`${what} at about twice the top level, from the levels below, ${scores[0].cases} cases of real sweeps\n`);
  console.log(textTable(
    ["method", "cases", "median error", "90 % band holds", "mean interval score"],
    scores.map((score) => [
      score.method,
      String(score.cases),
      percent(score.median_error),
      percent(score.coverage),
      score.interval_score.toFixed(2),
    ]),
    [1, 2, 3, 4],
  ));
  console.log();
}

/** Scores every method over the same cases; Plimsoll's comes first. */
export function compareMethods(cases: readonly Case[]): Score[] {
  const found = new Map<string, { error: number; held: boolean; score: number }[]>();
  for (const one of cases) {
    const observed = one.next.value;
    for (const [method, { estimate, band }] of Object.entries(predictions(one))) {
      const [low, high, value] = [...band, observed].map(Math.log);
      if (![low, high, value].every(Number.isFinite)) continue;
      const missed = Math.max(0, low - value, value - high);
      const row = {
        error: Math.abs(estimate / observed - 1),
        held: missed === 0,
        score: high - low + 2 / (1 - NOMINAL) * missed,
      };
      found.set(method, [...found.get(method) ?? [], row]);
    }
  }
  return [...found].map(([method, rows]) => ({
    method,
    cases: rows.length,
    median_error: median(rows.map(({ error }) => error)),
    coverage: mean(rows.map(({ held }) => held ? 1 : 0)),
    interval_score: mean(rows.map(({ score }) => score)),
  }));
}

function predictions({ kind, known, next }: Case): Record<string, Prediction> {
  const fit = fitPoints(known, { metric: kind, kind, level: NOMINAL });
  const read = (what: MetricFit): Prediction => {
    const { estimate, prediction: band } = evaluate(what, next.sessions);
    return { estimate, band };
  };
  const alone = (model: ModelFit) => read({ ...fit, accepted: model.name, models: [{ ...model, score: null }] });
  const models = fit.models.filter(({ name }) => name !== "quadratic");
  const ranked = models.filter(({ aicc }) => aicc !== null).toSorted((a, b) => a.aicc! - b.aicc!);
  // With too few levels for the criterion there is only the line to choose.
  const byAicc = ranked[0] ?? models.find(({ name }) => name === "linear");
  return {
    plimsoll: read(fit),
    // A parabola is never read beyond the levels.
    ...Object.fromEntries(models.map((model) => [model.name, alone(model)])),
    "best AICc": alone(byAicc!),
    ...(kind === "throughput" ? { "usl of R": uslOfR(known, next.sessions) } : {}),
  };
}

/** The R package `usl`: least squares on X itself, and a band of constant width, n − 1 degrees of freedom. */
function uslOfR(known: Case["known"], sessions: number): Prediction {
  const { value, gradient, start } = curveByName("usl");
  const fit = leastSquares({
    model: value,
    gradient,
    x: known.map((point) => point.sessions),
    y: known.map((point) => point.value),
    start: start(known),
  });
  const estimate = Math.max(value(sessions, fit.parameters.map((parameter) => parameter.value)), Number.MIN_VALUE);
  const error = Math.sqrt(fit.residualSumOfSquares / fit.degreesOfFreedom);
  const half = tQuantile((1 + NOMINAL) / 2, known.length - 1) * error;
  // A band below nothing ends where logarithms still can be taken.
  return { estimate, band: [Math.max(estimate - half, estimate / 1e3), estimate + half] };
}
