/** What the help shows as an example is run as it stands. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { load } from "../../src/dataset/mod.ts";
import { startStreamer } from "../../src/demo/mod.ts";
import { SHORT } from "../faults/under_fault.ts";
import { sweep } from "../../src/run/mod.ts";
import type { PlanInput } from "../../src/plan/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { runPlimsoll } from "./run_plimsoll.ts";

/** The first block of lines, each indented by two blanks, that begins with this text. */
function example(help: string, begins: string): string {
  const lines = help.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`  ${begins}`));
  const to = lines.findIndex((line, index) => index > from && line === "");
  assert(from > 0 && to > from, `the help shows ${begins}`);
  return lines.slice(from, to).map((line) => line.slice(2)).join("\n");
}

Deno.test("plimsoll sweep --help: its steps and modules, over HTTP and in browsers, run as they stand", async () => {
  await using folder = await tempFolder();
  await using streamer = await startStreamer({ cpu_ms: 0.1 });
  const { stdout: help } = await runPlimsoll(["sweep", "--help"]);
  const module = async (name: string, begins: string) => {
    const path = join(folder.path, name);
    await Deno.writeTextFile(path, example(help, begins));
    return path;
  };
  const viewer = await module("viewer.ts", "export default async ({ get, post");
  const chat = await module("chat.ts", "export default async ({ page, context");
  const steps = JSON.parse(example(help, '[{ "goto"'));
  const browser = { mode: "playwright", pace_ms: 1500 } as const;
  const rows: [what: string, plan: Partial<PlanInput>, steps: string[]][] = [
    [
      "steps on streams",
      { requests: JSON.parse(example(help, '[{ "name": "chat", "websocket"')) },
      ["chat", "chat (connect)", "feed", "feed (connect)"],
    ],
    ["a module", { http_scenario: { module: viewer } }, ["live", "live (connect)", "read", "say"]],
    ["browser steps", { ...browser, browser_scenario: { steps } }, ["screenshot", "say"]],
    ["a browser module", { ...browser, browser_scenario: { module: chat } }, ["say"]],
  ];
  for (const [what, plan, wanted] of rows) {
    const out = join(folder.path, what.replaceAll(" ", "-"));
    const times = { duration_ms: 3000, pace_ms: 500, timeout_ms: 10_000 };
    const end = await sweep({ ...SHORT, ...times, ...plan, url: streamer.url, levels: [2] }, { out });
    assert.equal(end.state, "complete", `${what}: ${end.reason}`);
    const dataset = await load(out);
    const rows = dataset.attempts.flatMap(({ requests }) => requests);
    assert.deepEqual(rows.filter(({ outcome }) => outcome !== "ok"), [], what);
    const seen = new Set(rows.map(({ step }) => step));
    for (const step of wanted) assert(seen.has(step), `${what}: ${[...seen]}`);
  }
});
