import { median } from "simple-statistics";
import { textTable } from "../../src/cli/text_table.ts";

/** How a benchmark is to be run. */
export interface BenchOptions {
  /** As short as it can be: to see that it works. */
  quick: boolean;
}

/** What the runners of a benchmark measured, in rounds. */
export class Rounds<Result> {
  #results = new Map<string, Result[]>();

  /** Names of those that ended well in every round. */
  get names(): string[] {
    return [...this.#results.keys()];
  }

  /**
   * Runs all of them in every round, one after the other, so that what else the machine does meets all alike.
   *
   * @param runners by name. Who fails is named and left out; ours must not fail.
   */
  static async run<Result>(
    runners: Record<string, (() => Promise<Result>) | undefined>,
    { rounds, ours }: { rounds: number; ours: string },
  ): Promise<Rounds<Result>> {
    const all = new Rounds<Result>();
    const present = Object.entries(runners).filter(([, run]) => run !== undefined);
    for (const [name] of present) all.#results.set(name, []);
    for (let round = 0; round < rounds; round++) {
      for (const [name, run] of present) {
        if (!all.#results.has(name)) continue;
        try {
          all.#results.get(name)!.push(await run!());
        } catch (error) {
          if (name === ours) throw error;
          console.log(`Left out, as it failed: ${name}: ${(error as Error).message}\n`);
          all.#results.delete(name);
        }
      }
    }
    return all;
  }

  /** Median over the rounds; NaN of who was left out. */
  median(name: string, value: (result: Result) => number): number {
    const results = this.#results.get(name);
    return results ? median(results.map(value)) : NaN;
  }

  /** Median of the ratios within each round. */
  ratio(name: string, to: string, value: (result: Result) => number): number {
    const [above, below] = [this.#results.get(name), this.#results.get(to)];
    if (!above || !below) return NaN;
    return median(above.map((result, round) => value(result) / value(below[round])));
  }
}

/** What is to be reached. */
export interface Goal {
  what: string;
  /** NaN if it could not be measured. */
  measured: number;
  sense: ">=" | "<=";
  wanted: number;
}

/** The goals beside what was measured. */
export function goalsTable(goals: Goal[]): string {
  return textTable(
    ["goal", "", "wanted", "measured", ""],
    goals.map(({ what, measured, sense, wanted }) => [
      what,
      sense === ">=" ? "≥" : "≤",
      `${wanted}`,
      Number.isNaN(measured) ? "–" : significant(measured),
      Number.isNaN(measured) ? "not measured" : reached(measured, sense, wanted) ? "met" : "not met",
    ]),
    [2, 3],
  );
}

function reached(measured: number, sense: Goal["sense"], wanted: number): boolean {
  return sense === ">=" ? measured >= wanted : measured <= wanted;
}

/** Three digits, without an exponent; a dash where there is no number. */
export function significant(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return Number(value.toPrecision(3)).toString();
}

/** A quantile of numbers in any order; NaN of none. */
export function quantile(values: number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}
