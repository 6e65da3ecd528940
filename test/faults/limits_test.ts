import assert from "node:assert/strict";
import { join } from "node:path";
import { load } from "../../src/dataset/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { rememberingTarget, SHORT, startPlimsoll, writePlan } from "./under_fault.ts";

Deno.test("where file descriptors run out, sessions that get none fail, and the sweep ends in order", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using folder = await tempFolder();
  await using target = rememberingTarget();
  const run = join(folder.path, "run");
  const plan = await writePlan(folder.path, { ...SHORT, url: target.url, levels: [1, 100], pace_ms: 500 });
  const { code, end, stderr } = await startPlimsoll(["sweep", plan, "--out", run], ["prlimit", "--nofile=64"]).ended();
  assert.equal(code, 0, stderr);
  assert.equal(end!.attempts.complete, 2);
  const { attempts } = await load(run);
  const [one, many] = [1, 100].map((level) =>
    attempts.find(({ seal, discarded }) => seal.level === level && !discarded)!.requests
  );
  assert(one.every(({ outcome }) => outcome === "ok"));
  const count = (ok: boolean) => many.filter(({ outcome }) => (outcome === "ok") === ok).length;
  assert(count(true) > 0 && count(false) > 0, `${count(true)} requests went well and ${count(false)} did not`);
});
