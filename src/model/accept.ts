import type { CurveFit } from "./fit_curve.ts";
import type { HoldOut } from "./hold_out.ts";
import { fAgainst } from "./f_against.ts";
import { varianceRatio } from "./variance_ratio.ts";

/** A fitted curve with what speaks for it. */
export interface Candidate extends HoldOut {
  fit: CurveFit;
  /** `null` where undefined. */
  aicc: number | null;
}

/** Which curve is read, and what speaks against the line. */
export interface Acceptance {
  /** The curve whose mean is read. */
  accepted: Candidate;
  /** The curve that speaks loudest against the line; `undefined` if there is only the line, or no line. */
  challenger?: Candidate;
  /** p-value of the challenger against the line; 1 without a challenger. */
  p: number;
  /** The challenger is believed: it fits better than chance explains, and predicts better. */
  proven: boolean;
}

/**
 * Chance of believing a curve where the line is true. At 0.05 the choice itself costs the confidence band 3–4 % of its
 * coverage beyond the levels; at 0.015 it is 1 to 2 %. Under that, differences of 20 % at the target are found too rarely.
 */
const SIGNIFICANCE = 0.015;

/** Chance of leaving the widest family for a curve that is no better. */
const DECISIVE = 0.15;

/**
 * Chooses the curve whose mean is read.
 *
 * A curve is *proven* against the line if it is better in both ways that count:
 *
 * 1. It fits better than chance explains: F test against the line (p < 0.015, divided by the number of curves tried),
 *    and, where both AICc are defined and both curves have as many parameters, an AICc lower by 2.
 * 2. It predicts the levels left out better than the line does.
 *
 * A demand is read by the line, unless a curve is proven; among several the one that predicts best, and of two within
 * 10 % the one with fewer parameters, unless the other leaves decisively less (below). Throughput is read by the USL, which
 * holds proportion and Amdahl's law as its faces: dropping κ because this sweep did not prove it leaves a "95 %" band that
 * covers 8 to 41 % at four times the levels. Another curve takes its place only if it predicts better *and* its residual
 * variance is smaller than chance explains (F test, p < 0.15): a true corner, for example.
 *
 * With five or six levels AICc's correction alone forbids a third parameter, so it cannot be the only judge; and it
 * does not protect an extrapolation.
 *
 * @param candidates Fitted curves, the line among them or not, at least one.
 * @param residualOfProportion Residual sum of squares of the line through the origin, on the ln scale.
 * @returns The accepted curve and the strongest alternative to the line.
 */
export function accept(candidates: readonly Candidate[], residualOfProportion: number): Acceptance {
  const line = candidates.find(({ fit }) => fit.curve.name === "linear");
  const others = candidates.filter((candidate) => candidate !== line);
  const family = candidates.find(({ fit }) => fit.curve.name === "usl");
  if (!line) return { accepted: others.reduce(better), challenger: others[0], p: 1, proven: false };
  if (others.length === 0) return { accepted: line, p: 1, proven: false };

  const tried = others.map((candidate) => ({
    candidate,
    p: Math.min(1, others.length * pAgainstLine(candidate, line, residualOfProportion)),
  }));
  const proven = tried.filter(({ candidate, p }) => p < SIGNIFICANCE && predictsBetter(candidate, line));
  const challenger = proven.length > 0
    ? proven.map(({ candidate }) => candidate).reduce(better)
    : tried.reduce((best, next) => next.p < best.p || (next.p === best.p && closer(next, best)) ? next : best)
      .candidate;
  return {
    accepted: family && !exact(line) ? readThroughput(family, candidates) : proven.length > 0 ? challenger : line,
    challenger,
    p: tried.find(({ candidate }) => candidate === challenger)!.p,
    proven: proven.length > 0,
  };
}

function closer(next: { candidate: Candidate }, best: { candidate: Candidate }): boolean {
  return next.candidate.fit.residualSumOfSquares < best.candidate.fit.residualSumOfSquares;
}

/** Nothing is left but rounding: whatever else fits, fits the same line. */
function exact({ fit }: Candidate): boolean {
  return fit.residualSumOfSquares <= 1e-20 * (fit.degreesOfFreedom + fit.values.length);
}

function readThroughput(family: Candidate, candidates: readonly Candidate[]): Candidate {
  const decisive = candidates.filter((candidate) =>
    candidate !== family && predictsBetter(candidate, family) && chanceOf(family.fit, candidate.fit) < DECISIVE
  );
  return decisive.length > 0 ? decisive.reduce(better) : family;
}

/** Whether a curve leaves more than another by chance. */
function chanceOf(more: CurveFit, less: CurveFit): number {
  const left = ({ residualSumOfSquares, degreesOfFreedom }: CurveFit) => ({
    residualError: Math.sqrt(residualSumOfSquares / degreesOfFreedom),
    degreesOfFreedom,
  });
  return varianceRatio(left(more), left(less));
}

/** The line is nested in the power law and in the broken stick, and proportion in Amdahl's law and the USL. */
function pAgainstLine({ fit, aicc }: Candidate, line: Candidate, residualOfProportion: number): number {
  if (fit.degreesOfFreedom < 1) return 1;
  const extra = line.fit.degreesOfFreedom - fit.degreesOfFreedom;
  const againstLine = extra > 0 ? fAgainst(line.fit, fit).p : undefined;
  if (fit.curve.name === "power" || fit.curve.name === "broken_stick") return againstLine ?? 1;
  const degreesOfFreedom = line.fit.degreesOfFreedom + 1;
  const againstProportion = fAgainst({ residualSumOfSquares: residualOfProportion, degreesOfFreedom }, fit).p;
  if (againstLine !== undefined) return Math.max(againstLine, againstProportion);
  return aicc !== null && line.aicc !== null && aicc > line.aicc - 2 ? 1 : againstProportion;
}

function predictsBetter(candidate: Candidate, line: Candidate): boolean {
  return candidate.score === null || line.score === null || candidate.score < line.score;
}

function better(best: Candidate, next: Candidate): Candidate {
  const [simple, rich] = best.fit.values.length <= next.fit.values.length ? [best, next] : [next, best];
  if (simple.score === null || rich.score === null) return simple;
  if (simple.fit.values.length === rich.fit.values.length) return simple.score <= rich.score ? simple : rich;
  const decisive = rich.score < simple.score && chanceOf(simple.fit, rich.fit) < DECISIVE;
  return rich.score < 0.9 * simple.score || decisive ? rich : simple;
}
