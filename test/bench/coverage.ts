import { textTable } from "../../src/cli/text_table.ts";
import { curveByName, evaluate, fitPoints } from "../../src/model/mod.ts";
import { logGradient } from "../../src/model/fit_curve.ts";
import type { FitPoint, Interval, MetricFit } from "../../src/schema/mod.ts";
import { covariance, mixSeed, normalQuantile, seededRandom } from "../../src/stats/mod.ts";
import { FLEETS, measureFleet } from "./fleets.ts";

/** How far from the top level a band is tried. */
const REACH = [0.5, 2, 4];
const REPLICATES = 3;

/** A truth, a design and an error: one row of the grid. */
export interface Cell {
  kind: "demand" | "throughput";
  levels: readonly number[];
  error: keyof typeof ERRORS;
  /** Coherency of the true USL; absent where the truth is a line. */
  kappa?: number;
}

/** What was counted of one cell, at each of 0.5 ×, 2 × and 4 × the top level, as shares of the simulations. */
export interface Coverage {
  cell: Cell;
  simulations: number;
  /** The true mean is in `confidence`. */
  confidence: number[];
  /** The same, had the family of the truth been known. */
  known: number[];
  /** A new run is in the accepted curve's own prediction interval. */
  own: number[];
  /** A new run is in `prediction`. */
  prediction: number[];
  /** A new run is at or under `sizing_upper`. */
  upper: number[];
  /** Median half width of `confidence` ÷ that of one who knows the family and the size of every error. */
  confidence_width: number[];
  /** Median half width of `prediction` ÷ that of the accepted curve's own interval. */
  prediction_width: number[];
  /** How often each curve was accepted. */
  accepted: Record<string, number>;
}

/** Standard deviations of what the runs of a level share, and of each run, on the ln scale. */
const ERRORS = {
  proportional: () => ({ shared: 0, run: 0.03 }),
  "level effect": () => ({ shared: 0.03, run: 0.01 }),
  constant: ({ kind }: Cell, mean: number) => ({ shared: 0, run: (kind === "throughput" ? 25 : 0.1) / mean }),
  growing: (_: Cell, mean: number) => ({ shared: 0, run: 0.03 / mean + 0.012 * (mean - 1.8) / 0.25 / mean }),
};

const SWEEPS = {
  5: [1, 4, 8, 16, 32],
  6: [1, 2, 4, 8, 16, 32],
  8: [1, 2, 4, 8, 16, 24, 32, 48],
} as const;

/** The grid: throughput that bends and turns or only bends, and a cost that is a line. */
export const GRID: readonly Cell[] = [
  ...Object.values(SWEEPS).flatMap((levels) =>
    (["proportional", "level effect", "constant"] as const).flatMap((error) =>
      [0, 2e-4].map((kappa): Cell => ({ kind: "throughput", levels, error, kappa }))
    )
  ),
  ...Object.values(SWEEPS).flatMap((levels) =>
    (["proportional", "level effect", "constant", "growing"] as const).map((error): Cell => ({
      kind: "demand",
      levels,
      error,
    }))
  ),
];

/** Parameters of the truth, for its curve. */
function truthOf({ kind, kappa = 0 }: Cell): { curve: ReturnType<typeof curveByName>; parameters: number[] } {
  return kind === "demand"
    ? { curve: curveByName("linear"), parameters: [1.8, 0.25] }
    : { curve: curveByName("usl"), parameters: [100, kappa > 0 ? 0.03 : 0.02, kappa] };
}

/** Simulates one cell with seeds of its own and counts what the bands hold. */
export function measureCoverage(cell: Cell, simulations: number): Coverage {
  const { curve, parameters } = truthOf(cell);
  const mean = (sessions: number) => curve.value(sessions, parameters);
  const errors = (sessions: number) => ERRORS[cell.error](cell, mean(sessions));
  const reads = REACH.map((share) => share * cell.levels[cell.levels.length - 1]);
  const counts = () => reads.map(() => 0);
  const [confidence, known, own, prediction, upper] = [counts(), counts(), counts(), counts(), counts()];
  const widths = reads.map(() => ({ confidence: [] as number[], own: [] as number[], prediction: [] as number[] }));
  const accepted: Record<string, number> = {};
  for (let seed = 0; seed < simulations; seed++) {
    const random = seededRandom(mixSeed(GRID.indexOf(cell), seed));
    // One half cell keeps 0 out, where the quantile is infinite.
    const normal = () => normalQuantile(random() + 2 ** -33);
    const run = (sessions: number, shared: number) => {
      const deviation = errors(sessions).run;
      // Relative errors are errors of the logarithm; constant and growing ones are added.
      const added = cell.error === "constant" || cell.error === "growing";
      return mean(sessions) * (added ? 1 + deviation * normal() : Math.exp(shared + deviation * normal()));
    };
    const points = cell.levels.flatMap((level): FitPoint[] => {
      const shared = errors(level).shared * normal();
      return Array.from({ length: REPLICATES }, (_, index) => (
        { level, sessions: level, replicate: index + 1, value: run(level, shared) }
      ));
    });
    const fit = fitPoints(points, { metric: cell.kind, kind: cell.kind, at: [] });
    accepted[fit.accepted!] = (accepted[fit.accepted!] ?? 0) + 1;
    const alone = (name: MetricFit["accepted"]): MetricFit => ({
      ...fit,
      accepted: name,
      models: fit.models.filter((model) => model.name === name).map((model) => ({ ...model, score: null })),
    });
    const truth = fit.models.some(({ name }) => name === curve.name) ? alone(curve.name) : undefined;
    reads.forEach((sessions, index) => {
      const value = run(sessions, errors(sessions).shared * normal());
      const band = evaluate(fit, sessions);
      const ofAccepted = evaluate(alone(fit.accepted), sessions).prediction;
      confidence[index] += Number(holds(band.confidence, mean(sessions)));
      known[index] += Number(truth !== undefined && holds(evaluate(truth, sessions).confidence, mean(sessions)));
      own[index] += Number(holds(ofAccepted, value));
      prediction[index] += Number(holds(band.prediction, value));
      upper[index] += Number(value <= band.sizing_upper);
      widths[index].confidence.push(halfWidth(band.confidence));
      widths[index].own.push(halfWidth(ofAccepted));
      widths[index].prediction.push(halfWidth(band.prediction));
    });
  }
  const share = (values: number[]) => values.map((count) => count / simulations);
  return {
    cell,
    simulations,
    confidence: share(confidence),
    known: share(known),
    own: share(own),
    prediction: share(prediction),
    upper: share(upper),
    confidence_width: reads.map((sessions, index) => median(widths[index].confidence) / oracle(cell, sessions, errors)),
    prediction_width: widths.map((width) => median(width.prediction) / median(width.own)),
    accepted,
  };
}

/** Half width on the ln scale of the 95 % band of one who knows the curve's family and the size of every error. */
function oracle(
  cell: Cell,
  sessions: number,
  errors: (sessions: number) => { shared: number; run: number },
): number {
  const { curve, parameters } = truthOf(cell);
  const jacobian = cell.levels.map((level) => {
    const { shared, run } = errors(level);
    const deviation = Math.sqrt(shared ** 2 + run ** 2 / REPLICATES);
    return logGradient(curve, level, parameters).map((slope) => slope / deviation);
  });
  const matrix = covariance(jacobian, 1);
  const gradient = logGradient(curve, sessions, parameters);
  const variance = gradient.reduce(
    (sum, left, i) => sum + gradient.reduce((row, right, j) => row + left * matrix[i][j] * right, 0),
    0,
  );
  return normalQuantile(0.975) * Math.sqrt(variance);
}

function holds([lower, upper]: Interval, value: number): boolean {
  return lower <= value && value <= upper;
}

function halfWidth([lower, upper]: Interval): number {
  return Math.log(upper / lower) / 2;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Simulates the grid and prints what the bands hold, then the cells that miss or hold more than they should. */
export function bench({ quick }: { quick: boolean }): void {
  const simulations = quick ? 10 : 2000;
  const all = GRID.map((cell) => measureCoverage(cell, simulations));
  const percents = (shares: number[]) => shares.map((share) => (100 * share).toFixed(1)).join("  ");
  const ratios = (values: number[]) => values.map((value) => value.toFixed(2)).join("  ");
  console.log(
    `Coverage [%] of 95 % bands at 0.5, 2 and 4 × the top level, ${simulations} simulations a row, ${REPLICATES} runs a level\n`,
  );
  console.log(textTable(
    ["truth, levels, error", "confidence", "own prediction", "prediction", "sizing upper", "÷ oracle", "÷ own", "read"],
    all.map((found) => [
      nameOf(found.cell),
      percents(found.confidence),
      percents(found.own),
      percents(found.prediction),
      percents(found.upper),
      ratios(found.confidence_width),
      ratios(found.prediction_width),
      Object.entries(found.accepted).map(([name, count]) => `${name} ${percents([count / simulations])}`).join(", "),
    ]),
    [1, 2, 3, 4, 5, 6],
  ));
  console.log(
    "\n÷ oracle: width of confidence beside that of one who knows the family and the size of every error. ÷ own: width of\n" +
      "prediction beside the accepted curve's own interval. Out of 93 to 97 % by more than two standard errors:\n",
  );
  const rows = all.flatMap(exceptions);
  console.log(textTable(["truth, levels, error", "band", "at", "covers", "÷ oracle"], rows, [2, 3, 4]));
  console.log(`\nA worker's cost, read of several that drove a sweep; ${simulations} simulated fleets a row [%]\n`);
  const fleets = FLEETS.flatMap(([name, fleet]) =>
    [true, false].map((told) => {
      const { confidence, prediction, upper } = measureFleet(fleet, simulations, { told });
      return [
        told ? name : "",
        told ? "a factor" : "unknown",
        ...[confidence, prediction, upper].map((share) => percents([share])),
      ];
    })
  );
  console.log(textTable(["workers", "who used what", "mean of all", "another", "sizing upper"], fleets, [2, 3, 4]));
}

/** Bands that cover less than 93 %, or, where that is a promise, more than 97 %. */
function exceptions({ cell, simulations, confidence, own, prediction, confidence_width }: Coverage): string[][] {
  const off = (share: number) => 2 * Math.sqrt(share * (1 - share) / simulations);
  return Object.entries({ confidence, "own prediction": own, prediction }).flatMap(([band, shares]) =>
    shares.flatMap((share, index) => {
      const less = share < 0.93 - off(0.93);
      const more = band !== "prediction" && share > 0.97 + off(0.97);
      if (!less && !more) return [];
      const width = band === "confidence" ? confidence_width[index].toFixed(2) : "";
      return [[nameOf(cell), band, `${REACH[index]} ×`, `${(100 * share).toFixed(1)} %`, width]];
    })
  );
}

/** The cell in words. */
export function nameOf({ kind, levels, error, kappa }: Cell): string {
  const truth = kind === "demand" ? "line" : kappa ? "USL, κ 2e-4" : "USL, κ 0";
  return `${truth}, ${levels.length} levels, ${error}`;
}
