import assert from "node:assert/strict";
import { drawWeighted } from "../../src/plan/mod.ts";

const OF = { seed: 1, level: 8, replicate: 1, session: 0, iteration: 0 };

Deno.test("each thing is drawn as often as its weight says, within four standard errors", () => {
  const weights = [0.5, 6, 3.5];
  const draws = 20_000;
  for (const across of ["session", "iteration"] as const) {
    const counts = [0, 0, 0];
    for (let n = 0; n < draws; n++) counts[drawWeighted(weights, { ...OF, [across]: n })]++;
    for (const [index, weight] of weights.entries()) {
      const share = weight / 10;
      const error = Math.sqrt(share * (1 - share) / draws);
      const drawn = counts[index] / draws;
      assert(Math.abs(drawn - share) < 4 * error, `${across}s: ${drawn} of ${share}`);
    }
  }
});

Deno.test("a draw depends on each of seed, level, replicate, session and iteration", () => {
  for (const part of ["seed", "level", "replicate", "session", "iteration"] as const) {
    const indices = Array.from({ length: 200 }, (_, n) => drawWeighted([1, 1], { ...OF, [part]: OF[part] + n }));
    const changes = indices.filter((index, n) => n > 0 && index !== indices[n - 1]).length;
    assert(changes > 60 && changes < 140, `${part}: ${changes} changes in 200`);
  }
});

Deno.test("draws of neighbouring sessions and iterations are unrelated", () => {
  const draw = (session: number, iteration: number) => drawWeighted([1, 1], { ...OF, session, iteration });
  const n = 5000;
  for (const [session, iteration] of [[1, 0], [0, 1], [1, 1], [1, -1]]) {
    let same = 0;
    for (let k = 0; k < n; k++) {
      if (draw(k % 50, 10 + (k / 50 | 0)) === draw(k % 50 + session, 10 + (k / 50 | 0) + iteration)) same++;
    }
    assert(Math.abs(same / n - 0.5) < 4 * 0.5 / Math.sqrt(n), `${session}, ${iteration}: ${same} of ${n} alike`);
  }
});

Deno.test("the largest seed, and weights that round, are no matter", () => {
  assert.equal(drawWeighted([1], { ...OF, seed: 2 ** 32 - 1, iteration: 2 ** 31 }), 0);
  const index = drawWeighted(Array(10).fill(0.1), { ...OF, seed: 4_000_000_000 });
  assert(index >= 0 && index < 10);
});
