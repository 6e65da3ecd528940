import { fTail, linearLeastSquares, tQuantile } from "../stats/mod.ts";
import type { Verdict } from "../schema/mod.ts";
import type { Acceptance, Candidate } from "./accept.ts";
import { decidingLevel } from "./deciding_level.ts";
import type { LevelMean } from "./level_means.ts";
import { fAgainst } from "./f_against.ts";
import { uslPeak } from "./usl_peak.ts";

/** What the verdict is about. */
export interface JudgeOptions {
  kind: "demand" | "throughput";
  /** Where line and curve are compared [sessions]. @default the top usable level */
  target?: number;
  /** Confidence of the log–log slope's interval. @default 0.95 */
  level?: number;
}

/** A difference that matters, as a share of the line. */
const MATERIAL = 0.05;

/**
 * Says whether a metric grows in proportion to the sessions, and what decided.
 *
 * A base cost is not non-linearity: `a + b·N` is `linear`. Anything else needs a curve that was accepted against the
 * line (see {@linkcode accept}: proven) *and* a difference of more than 5 % at the target: significant but trivial is linear.
 * `inconclusive` where the evidence disagrees with itself, where the levels are fewer than five, or where the scatter
 * is too wide to see a difference; the text then names the level to run next.
 *
 * @param means Level means, ascending, at least three.
 * @param acceptance What {@linkcode accept} found.
 * @param options Kind of metric, the target, the line, and all curves.
 * @returns Outcome, effect [%], and the numbers in words.
 */
export function judge(
  means: readonly LevelMean[],
  acceptance: Acceptance,
  options: JudgeOptions & { line: Candidate; candidates: readonly Candidate[] },
): Verdict {
  const { line, kind } = options;
  const target = options.target ?? means[means.length - 1].sessions;
  const { challenger, p, proven } = acceptance;
  const share = challenger ? read(challenger, target) / read(line, target) - 1 : 0;
  const outcome = (kind: Verdict["kind"], text: string): Verdict => ({ kind, effect_percent: 100 * share, text });
  const top = Math.max(...means.map(({ level }) => level));
  const decides = decidingLevel(top, {
    line: (sessions) => read(line, sessions),
    curve: (sessions) => read(challenger ?? line, sessions),
    scatter: residualError(line),
  });
  const next = `Run ${decides} sessions next to decide.`;
  const against = challenger
    ? `the best curve (${challenger.fit.curve.name}) differs from the line by ${signed(100 * share)} % at ${
      plain(target)
    } ${target === 1 ? "session" : "sessions"}, p ${probability(p)}`
    : "no other curve could be fitted";
  const turns = kind === "throughput" ? turnsDown(options.candidates) : "";
  const numbers = `${against}; log–log slope ${logSlope(means, options.level ?? 0.95)}${turns}`;

  if (means.length < 5) {
    return outcome(
      "inconclusive",
      `${means.length} usable levels are too few to tell a line from a curve: 5 are needed. ${next}`,
    );
  }
  if (challenger && proven && Math.abs(share) > MATERIAL) {
    const bends = kind === "throughput" && challenger.fit.curve.name !== "power" ? "saturating" : "sublinear";
    const grows = share > 0 ? "superlinear" : bends;
    return outcome(grows, `${capital(grows)}: ${numbers}.`);
  }
  if (Math.abs(share) > MATERIAL && p < 0.05) {
    return outcome("inconclusive", `Open: a curve fits better, but not by enough to be believed (${numbers}). ${next}`);
  }
  const misfit = pOfLackOfFit(means, line);
  if (misfit !== null && misfit < 0.005 && worstResidual(means, line) > 2 * MATERIAL) {
    return outcome(
      "inconclusive",
      `Open: the replicates reject the line (lack of fit p ${
        probability(misfit)
      }), and no curve is better (${numbers}). ${next}`,
    );
  }
  const scatter = residualError(line);
  if (scatter > 0.2) {
    return outcome(
      "inconclusive",
      `Open: the levels scatter by ${(100 * scatter).toFixed(0)} % about the line, too much to see a curve. ${next}`,
    );
  }
  return outcome(
    "linear",
    proven ? `Linear: a curve is real but makes little difference (${numbers}).` : `Linear: ${numbers}.`,
  );
}

/** Whether throughput falls beyond a peak: κ = 0 tested by F of Amdahl's law against the USL. */
function turnsDown(candidates: readonly Candidate[]): string {
  const find = (name: string) => candidates.find(({ fit }) => fit.curve.name === name)?.fit;
  const [restricted, full] = [find("amdahl"), find("usl")];
  if (!restricted || !full || full.degreesOfFreedom < 1) return "";
  const { p } = fAgainst(restricted, full);
  const peak = uslPeak(full.values);
  return p < 0.05 && peak
    ? `; the USL turns down at ${plain(peak.sessions)} sessions (κ = 0: p ${probability(p)})`
    : "";
}

function read({ fit }: Candidate, sessions: number): number {
  return fit.curve.value(sessions, fit.values);
}

/** Pure error of the replicates against the level means' distance from the line; `null` without replicates. */
function pOfLackOfFit(means: readonly LevelMean[], line: Candidate): number | null {
  const pureDegrees = means.reduce((sum, mean) => sum + mean.replicates - 1, 0);
  const lackDegrees = means.length - line.fit.values.length;
  if (pureDegrees < 1 || lackDegrees < 1) return null;
  const pure = means.reduce((sum, mean) => sum + mean.withinSumOfSquares, 0) / pureDegrees;
  const lack = means.reduce((sum, mean) => sum + mean.replicates * residual(mean, line) ** 2, 0) / lackDegrees;
  return pure > 0 ? fTail(lack / pure, [lackDegrees, pureDegrees]) : null;
}

function residual(mean: LevelMean, { fit }: Candidate): number {
  return Math.log(mean.value / fit.curve.value(mean.sessions, fit.values));
}

function worstResidual(means: readonly LevelMean[], line: Candidate): number {
  return Math.max(...means.map((mean) => Math.abs(residual(mean, line))));
}

function residualError({ fit }: Candidate): number {
  return fit.degreesOfFreedom > 0 ? Math.sqrt(fit.residualSumOfSquares / fit.degreesOfFreedom) : 0;
}

/** Slope of ln value on ln sessions with its interval: 1 is proportion, a base cost lowers it. */
function logSlope(means: readonly LevelMean[], level: number): string {
  const { coefficients: [, slope], standardErrors, degreesOfFreedom } = linearLeastSquares(
    means.map(({ sessions }) => [1, Math.log(sessions)]),
    means.map(({ value }) => Math.log(value)),
  );
  if (!standardErrors) return slope.toFixed(2);
  const half = tQuantile((1 + level) / 2, degreesOfFreedom) * standardErrors[1];
  return `${slope.toFixed(2)} [${(slope - half).toFixed(2)}, ${(slope + half).toFixed(2)}]`;
}

function plain(value: number): string {
  return String(Number(value.toPrecision(value < 100 ? 2 : 3)));
}

function signed(value: number): string {
  const digits = Math.abs(value).toFixed(1);
  return digits === "0.0" ? "0.0" : `${value < 0 ? "−" : "+"}${digits}`;
}

function probability(p: number): string {
  return p < 0.0001 ? "< 0.0001" : p.toFixed(p < 0.01 ? 4 : p < 0.1 ? 3 : 2);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
