import assert from "node:assert/strict";
import { quantileSorted } from "simple-statistics";
import { iterationsOf } from "../../src/quality/iterations_of.ts";
import { Ranked } from "../../src/quality/ranked.ts";
import { MARK, requestColumns } from "../../src/quality/request_columns.ts";
import type { RequestRow } from "../../src/schema/rows.ts";
import { seededRandom } from "../../src/stats/mod.ts";

const random = seededRandom(5);
const below = (most: number) => Math.floor(most * random());

/** Rows of some sessions in any order, some of which set up, tear down, connect or fail. */
function rows(count: number): RequestRow[] {
  return Array.from({ length: count }, (_, seq) => {
    const phase = ([undefined, undefined, undefined, undefined, "setup", "teardown"] as const)[below(6)];
    return {
      seq,
      session: below(7),
      iteration: below(count / 20),
      step: below(5) === 0 ? "chat (connect)" : "get",
      scheduled_ms: below(1000),
      started_ms: 1000 + below(1000),
      duration_ms: below(100) / 8,
      outcome: below(9) === 0 ? "timeout" : "ok",
      status: 200,
      bytes_in: 1,
      bytes_out: 1,
      ...(phase ? { phase } : {}),
    };
  });
}

Deno.test("iterationsOf() groups rows as a map by session and iteration does", () => {
  for (const count of [0, 1, 20, 500, 4000]) {
    const all = rows(count);
    for (const without of ["", "teardown", "setup teardown"]) {
      const own = all.filter(({ phase }) => phase === undefined || !without.includes(phase));
      const end = (row: RequestRow) => row.started_ms + row.duration_ms;
      // Of those that ended at one time the one first whose last row comes first.
      const expected = [...Map.groupBy(own, ({ session, iteration }) => `${session} ${iteration}`).values()].map((
        of,
      ) => ({ of, ended_ms: Math.max(...of.map(end)) })).map(({ of, ended_ms }) => ({
        last: own.indexOf(of.find((row) => end(row) === ended_ms)!),
        iteration: {
          session: of[0].session,
          scheduled_ms: Math.min(...of.map((row) => row.scheduled_ms)),
          ended_ms,
          steps: of.filter(({ step }) => step === "get").length,
          ok: of.every(({ outcome }) => outcome === "ok"),
        },
      })).sort((a, b) => a.iteration.ended_ms - b.iteration.ended_ms || a.last - b.last).map(({ iteration }) =>
        iteration
      );
      const marks = (without.includes("setup") ? MARK.setup : 0) | (without.includes("teardown") ? MARK.teardown : 0);
      assert.deepEqual(iterationsOf(requestColumns(all), marks), expected);
    }
  }
});

const VALUES: [what: string, value: () => number][] = [
  ["different", random],
  ["nearly all equal", () => below(100) === 0 ? random() : 0.5],
  ["of few kinds", () => below(4)],
  ["negative ones too", () => random() - 0.5],
];

for (const [what, value] of VALUES) {
  Deno.test(`Ranked finds what sorting does: ${what}`, () => {
    for (const count of [1, 2, 3, 10, 1001]) {
      for (const order of [(a: number, b: number) => a - b, (a: number, b: number) => b - a, () => 0]) {
        const values = Array.from({ length: count }, value).sort(order);
        const sorted = values.toSorted((a, b) => a - b);
        const ranked = new Ranked(values);
        for (let ask = 0; ask < 20; ask++) {
          const rank = below(count);
          assert.equal(ranked.at(rank), sorted[rank]);
          const q = [0, 1, 0.5, random()][ask % 4];
          assert.equal(ranked.quantile(q), quantileSorted(sorted, q));
        }
      }
    }
  });
}
