import assert from "node:assert/strict";
import { agentsFor, type AgentUse, sessionPhase, shareOf, splitShare, WHOLE } from "../../src/plan/mod.ts";

Deno.test("shares of a level are disjoint and whole, whatever their number, and so are agents' shares of a share", () => {
  for (const level of [1, 2, 7, 100]) {
    const all = Array.from({ length: level }, (_, session) => session);
    for (const  of of[1, 2, 3, 8]) {
      const shares = Array.from({ length: of }, (_, index) => ({ k: index + 1, of }));
      const sessions = shares.map((share) => shareOf(level, share));
      assert.deepEqual(sessions.flat().sort((a, b) => a - b), all, `${level} in ${of}`);
      const sizes = sessions.map(({ length }) => length);
      assert(Math.max(...sizes) - Math.min(...sizes) <= 1, `${level} in ${of}: ${sizes}`);
      for (const share of shares) {
        for (const agents of [1, 2, 5]) {
          const split = splitShare(share, agents).flatMap((part) => shareOf(level, part));
          assert.deepEqual(split.sort((a, b) => a - b), shareOf(level, share), `${share.k}/${of}, ${agents} agents`);
        }
      }
    }
  }
});

Deno.test("a session's phase is the same whoever drives it: one schedule, whatever the number of agents", () => {
  const plan = { seed: 3, pace_ms: 1000 };
  const phases = (agents: number) =>
    splitShare(WHOLE, agents).flatMap((share) => shareOf(50, share))
      .map((session) => [session, sessionPhase(plan, { level: 50, replicate: 2, session })])
      .sort(([a], [b]) => a - b);
  assert.deepEqual(phases(2), phases(1));
  assert.deepEqual(phases(3), phases(1));
  // Spread over the pace as a whole: none of the shares takes the early part of it.
  for (const share of splitShare(WHOLE, 3)) {
    const first = shareOf(50, share).map((session) => sessionPhase(plan, { level: 50, replicate: 2, session }));
    assert(Math.min(...first) < 100 && Math.max(...first) > 900, `share ${share.k}`);
  }
});

const used = (level: number, hottest_thread: number, agents = 1): AgentUse => ({ level, agents, hottest_thread });

for (
  const [sentence, level, complete, cores, agents] of [
    ["one where nothing is known", 1000, [], 8, 1],
    ["one where one suffices", 40, [used(10, 0.11)], 8, 1],
    ["two where one would pass 60 %", 60, [used(10, 0.11)], 8, 2],
    ["a use that is mostly an agent's own foretells nothing alone", 1000, [used(1, 0.03)], 8, 1],
    ["on the line through two levels it does not scale", 100, [used(1, 0.03), used(10, 0.03)], 8, 1],
    ["on the line through two levels it does", 100, [used(1, 0.03), used(10, 0.13)], 8, 2],
    ["what several agents used is added up", 200, [used(100, 0.5, 3), used(50, 0.38, 2)], 8, 5],
    ["a level that was full asks for more the next time", 32, [used(4, 0.3), used(32, 1)], 8, 2],
    ["a higher level that was full does not", 4, [used(4, 0.3), used(32, 1)], 8, 1],
    ["not more than there are cores", 1000, [used(10, 0.5)], 4, 4],
    ["one on half a core", 1000, [used(10, 0.5)], 0.5, 1],
  ] as [string, number, AgentUse[], number, number][]
) {
  Deno.test(`agents: ${sentence}`, () => {
    assert.equal(agentsFor(level, complete, cores).agents, agents);
    assert.equal(agentsFor(level, complete.toReversed(), cores).agents, agents, "whatever the order");
  });
}
