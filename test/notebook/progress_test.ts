import assert from "node:assert/strict";
import { progress } from "../../src/notebook/mod.ts";
import { progressHtml, progressText } from "../../src/notebook/progress_html.ts";
import { emptyProgress, nextProgress, type ProgressState } from "../../src/notebook/progress_state.ts";
import type { ProgressEvent } from "../../src/schema/mod.ts";

const level: ProgressEvent = {
  kind: "phase",
  phase: "level",
  level: 8,
  replicate: 2,
  attempt: 1,
  index: 2,
  of: 5,
  elapsed_ms: 60_000,
  remaining_ms: 60_000,
};
const sample = (t_ms: number, target: number): ProgressEvent => ({
  kind: "sample",
  t_ms,
  level: 8,
  replicate: 2,
  live_sessions: 8,
  iterations: 40,
  errors: 1,
  cores: { target, system: 2 * target },
  memory_bytes: { target: 2 ** 30 },
});
const after = (...events: ProgressEvent[]): ProgressState => events.reduce(nextProgress, emptyProgress());

Deno.test("nextProgress() moves time on with the samples, and never back", () => {
  assert.equal(after(level).elapsed_ms, 60_000);
  assert.equal(after(level, sample(6000, 0.5)).elapsed_ms, 66_000);
  assert.equal(after(level, sample(6000, 0.5), sample(5000, 0.5)).elapsed_ms, 66_000);
  assert.equal(after(level, sample(90_000, 0.5)).total_ms, 150_000, "a level that takes longer than planned");
});

Deno.test("nextProgress() keeps the history short and whole, and the state before unchanged", () => {
  const before = after(level, sample(0, 0.1));
  const frozen = structuredClone(before);
  const long = Array.from({ length: 2000 }, (_, i) => sample(i * 10, i)).reduce(nextProgress, before);
  assert.deepEqual(before, frozen);
  assert.ok(long.history.length <= 300);
  assert.ok(long.history[0].cores.target < 10);
  assert.ok(long.history.at(-1)!.cores.target > 1980);
});

Deno.test("progressHtml() shows where the sweep is, what it costs, and flags, escaped", () => {
  const html = progressHtml(after(level, sample(0, 0.25), sample(6000, 0.5), {
    kind: "flag",
    level: 4,
    replicate: 1,
    name: "machine_limited",
    reason: "All cores <busy>",
  }));
  for (
    const part of [
      "8 sessions, replicate 2",
      "part 3 of 5 · 0:54 left",
      "width: 55.0%",
      "target 0.5 cores, 1 GiB",
      "8 live, 40 iterations, 1 error<",
      "<path",
      "machine limited",
      "&#60;busy&#62;",
    ]
  ) assert.ok(html.includes(part), `${part} must be in ${html}`);
  assert.ok(!html.includes("<busy>"));
});

Deno.test("progressHtml() does not show the last reading as if it were now, once all is done", () => {
  const done = progressHtml(after(level, sample(0, 0.25), sample(6000, 0.5), { ...level, phase: "done" }));
  assert.ok(done.includes("width: 100.0%") && done.includes("target") && !done.includes("0.5 cores"));
});

Deno.test("progressHtml() says that it was stopped, and why, and leaves the bar where it was", () => {
  const end = { ...level, phase: "done", state: "stopped", reason: "stopped by <the> user" } as const;
  const html = progressHtml(after(level, sample(0, 0.25), sample(6000, 0.5), end));
  for (
    const part of ["<b>Stopped; what is complete stays</b>", "width: 50.0%", "1:00 in all", "by &#60;the&#62; user"]
  ) {
    assert.ok(html.includes(part), `${part} must be in ${html}`);
  }
  assert.match(progressText(after(level, end)), /^Stopped; .* · stopped by <the> user$/);
});

Deno.test("progressHtml() draws no line where nothing was measured, between two attempts", () => {
  const later: ProgressEvent = { ...level, index: 3, elapsed_ms: 80_000, remaining_ms: 40_000 };
  const html = progressHtml(after(level, sample(0, 1), sample(500, 1), later, sample(0, 2), sample(500, 2)));
  const [target] = [...html.matchAll(/<path d="([^"]*)"/g)].map(([, d]) => d.replace(/[^ML]/g, ""));
  assert.equal(target, "MLML");
});

Deno.test("progressText() is one line in every phase", () => {
  for (const phase of ["preflight", "idle_before", "level", "idle_after", "done"] as const) {
    const text = progressText(after({ ...level, phase }));
    assert.ok(text.length > 10 && !text.includes("\n") && !text.includes("undefined"), text);
  }
  assert.match(progressText(after({ ...level, attempt: 2 })), /attempt 2/);
});

Deno.test("progress() is quiet outside a notebook", () => {
  const view = progress();
  view.update(level);
  view.update(sample(1000, 1));
});
