import assert from "node:assert/strict";
import { GroupCpu, processGroups, ThreadCpu } from "../../src/sample/mod.ts";

const process = (pid: number, own_ms: number, reaped_ms = 0, parent = 1, started = 1) => ({
  pid,
  own_ms,
  reaped_ms,
  parent,
  started,
});

Deno.test("GroupCpu counts from its first reading", () => {
  const cpu = new GroupCpu();
  assert.equal(cpu.update([process(7, 500)]), 0);
  assert.equal(cpu.update([process(7, 530)]), 30);
});

Deno.test("GroupCpu counts a process that is born later from its birth", () => {
  const cpu = new GroupCpu();
  cpu.update([process(7, 500)]);
  assert.equal(cpu.update([process(7, 500), process(8, 40, 0, 7)]), 40);
});

Deno.test("GroupCpu keeps what a child used that its parent reaped, once", () => {
  const cpu = new GroupCpu();
  cpu.update([process(7, 500), process(8, 100, 0, 7)]);
  assert.equal(cpu.update([process(7, 500), process(8, 150, 0, 7)]), 50);
  // It used 20 more before it ended; the parent is credited with its whole life of 170.
  assert.equal(cpu.update([process(7, 500, 170)]), 70);
  assert.equal(cpu.update([process(7, 510, 170)]), 80);
});

Deno.test("GroupCpu counts a child that lived between two readings by its parent's credit", () => {
  const cpu = new GroupCpu();
  cpu.update([process(7, 500)]);
  assert.equal(cpu.update([process(7, 510, 90)]), 100);
});

Deno.test("GroupCpu keeps the last reading of a process that nobody reaps into the group", () => {
  const cpu = new GroupCpu();
  cpu.update([process(7, 100), process(8, 100)]);
  assert.equal(cpu.update([process(7, 100), process(8, 160)]), 60);
  assert.equal(cpu.update([process(7, 100)]), 60);
  assert.equal(cpu.update([]), 60);
});

Deno.test("GroupCpu tells a reused process id from the process that had it", () => {
  const cpu = new GroupCpu();
  cpu.update([process(7, 1000)]);
  assert.equal(cpu.update([process(7, 5, 0, 1, 99)]), 5);
});

Deno.test("GroupCpu says who outside the group is credited with what ended, and leaves such a credit to the other group", () => {
  const [browsers, generator] = [new GroupCpu(), new GroupCpu()];
  browsers.update([process(8, 100, 0, 7), process(9, 100, 0, 8)]);
  generator.update([process(7, 50)]);
  browsers.update([process(8, 400, 0, 7), process(9, 900, 0, 8)]);
  // Both end; process 7 is credited with their whole lives.
  assert.equal(browsers.update([]), 300 + 800);
  assert.deepEqual([...browsers.creditedOutside], [7]);
  assert.equal(generator.update([process(7, 60, 1350)], browsers.creditedOutside), 10);
  assert.equal(browsers.update([]), 1100);
  assert.deepEqual([...browsers.creditedOutside], []);
  assert.equal(generator.update([process(7, 75, 1350)], browsers.creditedOutside), 25);
});

Deno.test("GroupCpu never falls", () => {
  const cpu = new GroupCpu();
  cpu.update([process(7, 100), process(8, 100, 0, 7), process(9, 100, 0, 8)]);
  const readings = [
    cpu.update([process(7, 110), process(8, 130, 0, 7), process(9, 180, 0, 8)]),
    cpu.update([process(7, 110, 320)]),
    cpu.update([process(7, 110, 320)]),
  ];
  assert.deepEqual(readings, [120, 130, 130]);
});

Deno.test("processGroups() charges a process to its nearest listed ancestor", () => {
  const parents = new Map([[10, 1], [11, 10], [12, 11], [13, 12], [20, 10], [21, 20], [30, 1]]);
  const groups = processGroups(parents, { generator: [10], target: [20], browser_agents: [11] });
  assert.deepEqual(Object.fromEntries(groups), {
    10: "generator",
    11: "generator",
    12: "browser",
    13: "browser",
    20: "target",
    21: "target",
  });
});

Deno.test("ThreadCpu keeps what ended threads used, and follows the process total where it falls behind", () => {
  const threads = new ThreadCpu();
  assert.deepEqual(threads.update(new Map([["1", 10], ["2", 5]]), 10), { own_ms: 15, hottest_ms: 10 });
  assert.deepEqual(threads.update(new Map([["1", 14]]), 10), { own_ms: 19, hottest_ms: 4 });
  assert.deepEqual(threads.update(new Map([["1", 14]]), 60), { own_ms: 60, hottest_ms: 0 });
  assert.deepEqual(threads.update(new Map([["1", 15]]), 60), { own_ms: 61, hottest_ms: 1 });

  const later = new ThreadCpu();
  assert.equal(later.update(new Map([["1", 10]]), 25).own_ms, 25, "other threads had ended before");
  assert.equal(later.update(new Map([["1", 20]]), 40).own_ms, 35, "which is not made up for a second time");
});
