import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Check } from "../../src/cli/doctor.ts";
import { PROJECT } from "../../src/notebook/set_up_python.ts";

async function doctor(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = ["run", "-A", "--quiet", join(PROJECT, "src/cli/main.ts"), "doctor", ...args];
  return await promisify(execFile)(Deno.execPath(), command)
    .then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    );
}

Deno.test("doctor --json prints one document, and its exit code follows what is required", async () => {
  const { code, stdout } = await doctor("--json");
  const { schema, ready, checks } = JSON.parse(stdout) as { schema: string; ready: boolean; checks: Check[] };
  assert.equal(schema, "plimsoll.doctor/1");
  assert.equal(ready, !checks.some(({ state, required }) => required && state === "missing"));
  assert.equal(code, ready ? 0 : 1);
  for (
    const name of ["Deno", "browser", "processes", "cores", "memory", "disk", "Python", "JupyterLab", "Redis server"]
  ) {
    const check = checks.find((one) => one.name === name);
    assert.ok(check !== undefined && check.found !== "", name);
    assert.equal(
      check.remedy === undefined,
      check.state === "ok",
      `${name}: a remedy for what is not right, and only for that`,
    );
  }
});

Deno.test("doctor ends with 1 where the browser does not launch, and with 2 where it is not there", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const broken = join(folder, "chromium");
    await Deno.writeTextFile(broken, "#!/bin/sh\necho cannot open shared object file >&2\nexit 127\n", { mode: 0o755 });
    const { code, stdout } = await doctor("--browser", broken);
    assert.equal(code, 1);
    assert.match(stdout, /^Not ready/);
    assert.match(stdout, /browser: npx playwright install-deps/);
    const absent = await doctor("--browser", join(folder, "absent"));
    assert.equal(absent.code, 2);
    assert.match(absent.stderr, /--browser/);
    assert.equal(absent.stdout, "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
