import { fileURLToPath } from "node:url";
import { textTable } from "../../src/cli/text_table.ts";
import { fitCurve } from "../../src/model/fit_curve.ts";
import { bootstrapFit, curveByName, fitPoints } from "../../src/model/mod.ts";
import type { MetricFit } from "../../src/schema/mod.ts";
import { certified } from "../stats/certified.ts";
import { Peers } from "./peers.ts";
import { type BenchOptions, type Goal, goalsTable, Rounds, significant } from "./rounds.ts";

const PLIMSOLL = "plimsoll, fitCurve and bootstrapFit";
const SCIPY = "scipy, curve_fit and leastsq, analytic Jacobian";
const R = "R, nls and summary";

/** One round of one runner. */
interface Speed {
  fits_per_s: number;
  bootstrap_ms: number;
  /** λ, σ, κ and their errors: who is fast must be right. */
  parameters: number[];
  errors: number[];
}

/**
 * The USL on the cisco sweep (32 levels), least squares on ln X with standard errors, started from the regression of N/X; and 2000
 * simulated sweeps fitted again. Beside scipy and R, round by round.
 */
export async function bench({ quick }: BenchOptions): Promise<void> {
  const sweep = certified<{ n: number[]; x: number[] }>("usl/cisco");
  const seconds = quick ? 0.05 : 1;
  const replicates = quick ? 50 : 2000;
  const peers = new Peers();
  const runner = async (name: string, file: string) => {
    const command = await peers.command(name);
    if (!command) return undefined;
    const script = fileURLToPath(new URL(file, import.meta.url));
    const input = [seconds, replicates, sweep.n.join(","), sweep.x.join(",")].map(String);
    return () => runPeer([...command, script, ...input]);
  };
  const ours = () => Promise.resolve(runOurs(sweep, { seconds, replicates }));
  ours();
  const rounds = await Rounds.run({
    [PLIMSOLL]: ours,
    [SCIPY]: await runner("scipy", "fit_peer.py"),
    [R]: await runner("R", "fit_peer.R"),
  }, { rounds: quick ? 1 : 5, ours: PLIMSOLL });

  console.log(`USL on the cisco sweep, ln X, with errors; medians of ${quick ? 1 : 5} rounds\n`);
  console.log(textTable(
    ["", "fits/s", `${replicates} bootstrap fits [ms]`, "lambda", "sigma", "kappa", "error of kappa"],
    rounds.names.map((name) => [
      name,
      significant(rounds.median(name, ({ fits_per_s }) => fits_per_s)),
      significant(rounds.median(name, ({ bootstrap_ms }) => bootstrap_ms)),
      rounds.median(name, ({ parameters }) => parameters[0]).toPrecision(7),
      rounds.median(name, ({ parameters }) => parameters[1]).toPrecision(6),
      rounds.median(name, ({ parameters }) => parameters[2]).toPrecision(6),
      rounds.median(name, ({ errors }) => errors[2]).toPrecision(6),
    ]),
    [1, 2, 3, 4, 5, 6],
  ));
  const goals: Goal[] = [
    {
      what: "fits/s, plimsoll / scipy",
      measured: rounds.ratio(PLIMSOLL, SCIPY, ({ fits_per_s }) => fits_per_s),
      sense: ">=",
      wanted: 10,
    },
    {
      what: "fits/s, plimsoll / R",
      measured: rounds.ratio(PLIMSOLL, R, ({ fits_per_s }) => fits_per_s),
      sense: ">=",
      wanted: 50,
    },
    {
      what: "time of the bootstrap, plimsoll / scipy",
      measured: rounds.ratio(PLIMSOLL, SCIPY, ({ bootstrap_ms }) => bootstrap_ms),
      sense: "<=",
      wanted: 0.2,
    },
  ];
  console.log(goalsTable(goals));
}

function runOurs(
  sweep: { n: number[]; x: number[] },
  { seconds, replicates }: { seconds: number; replicates: number },
) {
  const points = sweep.n.map((sessions, index) => ({ sessions, value: sweep.x[index] }));
  const usl = curveByName("usl");
  let fit = fitCurve(usl, points)!;
  const begin = performance.now();
  let fits = 0;
  for (; performance.now() - begin < 1000 * seconds; fits++) fit = fitCurve(usl, points)!;
  const fits_per_s = 1000 * fits / (performance.now() - begin);

  const replicated = points.map((point) => ({ ...point, level: point.sessions, replicate: 1 }));
  const all = fitPoints(replicated, { metric: "throughput", kind: "throughput" });
  const metric: MetricFit = { ...all, accepted: "usl" };
  const from = performance.now();
  bootstrapFit(metric, { replicates, seed: 1 });
  const bootstrap_ms = performance.now() - from;
  return {
    fits_per_s,
    bootstrap_ms,
    parameters: fit.values,
    errors: fit.covariance.map((row, j) => Math.sqrt(row[j])),
  };
}

/** A peer prints what we return. */
async function runPeer([program, ...args]: string[]): Promise<Speed> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim().split("\n").at(-1));
  return JSON.parse(new TextDecoder().decode(stdout));
}
