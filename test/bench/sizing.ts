import { median, quantile } from "simple-statistics";
import { textTable } from "../../src/cli/text_table.ts";
import { evaluate, fitPoints } from "../../src/model/mod.ts";
import { type Design, simulate } from "../model/simulate.ts";
import { CHANGES, ERRORS, verdictRates } from "./compare_power.ts";

/** Sweeps as they are made by default, with errors as they are found. */
export const SWEEP: Design = { levels: [1, 2, 4, 8, 16, 32], replicates: 3, noise: 0.03 };
const TOP = 32;

/** What a resource costs, as it is. */
export interface Truth {
  name: string;
  kind: "linear" | "other";
  cost: (sessions: number) => number;
}

/** Lines with little and much of a base, and what is no line: superlinear, sublinear, bent. */
export const TRUTHS: Truth[] = [
  { name: "line, base of 1 session", kind: "linear", cost: (n) => 0.04 + 0.04 * n },
  { name: "line, base of 10 sessions", kind: "linear", cost: (n) => 0.4 + 0.04 * n },
  { name: "line, base of 50 sessions", kind: "linear", cost: (n) => 2 + 0.04 * n },
  { name: "line through 0", kind: "linear", cost: (n) => 0.04 * n },
  { name: "power 1.3", kind: "other", cost: (n) => 0.1 + 0.02 * n ** 1.3 },
  { name: "power 0.7", kind: "other", cost: (n) => 0.1 + 0.1 * n ** 0.7 },
  { name: "broadcast, n + n²/50", kind: "other", cost: (n) => 0.05 + 0.02 * (n + n * n / 50) },
  { name: "broadcast, n + n²/200", kind: "other", cost: (n) => 0.05 + 0.02 * (n + n * n / 200) },
  { name: "pairs wait, n·(1 + (n − 1)/100)", kind: "other", cost: (n) => 0.05 + 0.03 * n * (1 + (n - 1) / 100) },
  { name: "twice as dear from 16 on", kind: "other", cost: (n) => 0.05 + 0.03 * (n + Math.max(0, n - 16)) },
  { name: "n·log n", kind: "other", cost: (n) => 0.05 + 0.02 * n * (1 + Math.log2(n) / 4) },
];

/** How the upper bound that sizing uses fared at four times the top level. */
export interface Fared {
  truth: Truth;
  /** Share of the simulations whose bound was not below the truth. */
  covered: number;
  /** Median of bound ÷ truth. */
  ratio: number;
  /** The bound ÷ truth that nine in ten stay under. */
  wide: number;
}

/** Sizes sweeps over a known truth at `times` the top level, and looks whether the upper bound was enough. */
export function fare(
  truth: Truth,
  { simulations, times = 4, seed = 1, errors = { noise: 0.03 } }: {
    simulations: number;
    times?: number;
    seed?: number;
    errors?: Pick<Design, "noise" | "levelEffect">;
  },
): Fared {
  const sessions = times * TOP;
  const right = truth.cost(sessions);
  const ratios = Array.from({ length: simulations }, (_, index) => {
    const points = simulate(truth.cost, { ...SWEEP, ...errors, seed: index + seed * simulations });
    return evaluate(fitPoints(points, { metric: "serving_cores", at: [] }), sessions).sizing_upper / right;
  });
  return {
    truth,
    covered: ratios.filter((ratio) => ratio >= 1).length / simulations,
    ratio: median(ratios),
    wide: quantile(ratios, 0.9),
  };
}

/** Whether the goal is met: of lines 95 % and a median of at most 1.15 × the truth, of other truths 90 %. */
export function goalMet({ truth, covered, ratio }: Fared): boolean {
  return truth.kind === "linear" ? covered >= 0.95 && ratio <= 1.15 : covered >= 0.9;
}

/** Simulates sweeps over known truths and sizes them; then comparisons of two runs, with and without a change. */
export function bench({ quick }: { quick: boolean }): void {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const simulations = quick ? 20 : 1000;
  for (const name of ["3 % a run", "3 % a level, 1 % a run"]) {
    console.log(
      `Upper bound that sizing uses, at 4 times the top level, before headroom: ${simulations} sweeps of ${SWEEP.levels.length} levels × ` +
        `${SWEEP.replicates}, error ${name}\n`,
    );
    const all = TRUTHS.map((truth) => fare(truth, { simulations, errors: ERRORS[name] }));
    console.log(textTable(
      ["truth", "covers it", "goal", "median bound ÷ truth", "goal", "9 in 10 bounds ÷ truth under", ""],
      all.map((fared) => [
        fared.truth.name,
        percent(fared.covered),
        fared.truth.kind === "linear" ? "≥ 95 %" : "≥ 90 %",
        fared.ratio.toFixed(3),
        fared.truth.kind === "linear" ? "≤ 1.15" : "",
        fared.wide.toFixed(2),
        goalMet(fared) ? "met" : "not met",
      ]),
      [1, 2, 3, 4, 5],
    ));
    console.log(`\nGoals met: ${all.filter(goalMet).length} of ${all.length}.\n`);
  }

  const comparisons = quick ? 5 : 150;
  console.log(`plimsoll compare, tolerance 5 %: ${comparisons} pairs of such sweeps, share called a regression\n`);
  const errors = Object.entries(ERRORS);
  console.log(textTable(
    ["change", ...errors.map(([name]) => name)],
    Object.entries(CHANGES).map(([name, change]) => [
      name,
      ...errors.map(([, error]) =>
        percent(verdictRates(change, { errors: error, simulations: comparisons }).regression)
      ),
    ]),
    errors.map((_, index) => index + 1),
  ));
  const strict = errors.map(([, error]) =>
    percent(verdictRates(CHANGES.none, { errors: error, simulations: comparisons, tolerance: 0 }).regression)
  );
  console.log(`\nWithout a tolerance, no change is called a regression in ${strict.join(", ")}.`);
}
