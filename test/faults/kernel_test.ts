import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "../../src/dataset/mod.ts";
import { setUpPython } from "../../src/notebook/set_up_python.ts";
import { tempFolder } from "../temp_folder.ts";
import {
  assertWhole,
  lines,
  manifestOf,
  processWith,
  rememberingTarget,
  SHORT,
  startMarked,
  startPlimsoll,
  until,
} from "./under_fault.ts";

Deno.test("kill -9 of the notebook's kernel in mid-level leaves no process and no torn row, and resume completes the sweep", async () => {
  await using folder = await tempFolder();
  await using target = rememberingTarget();
  const run = join(folder.path, "run");
  const here = fileURLToPath(new URL(".", import.meta.url));
  const plan = { ...SHORT, url: target.url, target_port: target.port, duration_ms: 3000 };
  const cell = `import { sweep } from "plimsoll"; await sweep(${JSON.stringify(plan)}, ${
    JSON.stringify({ out: run })
  });`;
  const { python, env } = await setUpPython();
  const kernel = startMarked(
    [
      python,
      fileURLToPath(new URL("../notebooks/kernel_main.py", import.meta.url)),
      here,
      JSON.stringify([{ source: cell }]),
    ],
    env,
  );

  const rowsAt = (level: string) => lines(join(run, "levels", level, "r1", "a1", "requests.jsonl")).length;
  await until(() => ["1", "2"].some((level) => rowsAt(level) > 12), () => "mid-level");
  const accepted = target.accepted();
  Deno.kill(await processWith(kernel, "jupyter --kernel"), "SIGKILL");
  const { stdout, stderr } = await kernel.output();
  assert.equal(JSON.parse(stdout.trim().split("\n").at(-1)!)[0].state, "dead", stderr);

  const attempts = manifestOf(run).flatMap((line) => line.event === "attempt_started" ? line.path : []);
  const rows = attempts.map((path) => assertWhole(join(run, path, "requests.jsonl")));
  assert(rows.reduce((sum, count) => sum + count, 0) >= accepted, `${rows} rows of ${accepted} answers`);
  assert.match((await load(run)).warnings.join("\n"), /The sweep did not end/);

  const resumed = await startPlimsoll(["resume", run]).ended();
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.deepEqual(resumed.end?.attempts, { complete: 2, failing: 0, planned: 2 });
  assert(manifestOf(run).some((line) => line.event === "attempt_failed" && line.path === attempts.at(-1)));
});
