import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setUpPython } from "../../src/notebook/set_up_python.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const WAIT = `console.log("ready"); await new Promise((done) => {
  const timer = setTimeout(() => done("in time"), 20_000);
  globalThis.signal?.addEventListener("abort", () => { clearTimeout(timer); done("stopped"); });
}).then(console.log);`;

async function inKernel(
  cells: { source: string; stop_after_s?: number }[],
): Promise<{ state: string; text: string }[]> {
  const { python, env } = await setUpPython();
  const script = `${here}kernel_main.py`;
  const { stdout } = await promisify(execFile)(python, [script, here, JSON.stringify(cells)], {
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

Deno.test("cancelOnStop() ends what listens to it, and the kernel lives on, also at a second Stop", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const listen = `globalThis.signal = cancelOnStop(); ${WAIT}`;
  const ends = await inKernel([
    { source: `import { cancelOnStop } from "../../src/notebook/mod.ts"; const kept = 41;` },
    { source: listen, stop_after_s: 0.3 },
    { source: listen, stop_after_s: 0.3 },
    { source: `console.log(kept + 1, cancelOnStop().aborted);` },
  ]);
  assert.deepEqual(ends.map(({ state }) => state), ["ok", "ok", "ok", "ok"]);
  assert.match(ends[1].text, /stopped/);
  assert.match(ends[2].text, /stopped/);
  assert.equal(ends[3].text, "42 false\n");
});

Deno.test("a kernel without cancelOnStop() dies of Stop, so that the test above means something", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const [end] = await inKernel([{ source: WAIT, stop_after_s: 0.3 }]);
  assert.equal(end.state, "dead");
});
