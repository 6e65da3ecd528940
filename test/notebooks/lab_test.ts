import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT, setUpPython } from "../../src/notebook/set_up_python.ts";
import { tempFolder } from "../temp_folder.ts";
import { projectCopy } from "./project_copy.ts";
import { startLab } from "./start_lab.ts";

const ignore = Deno.build.os === "windows";

Deno.test("lab serves JupyterLab on loopback, to who has the token only, with the running Deno as kernel", {
  ignore,
}, async () => {
  await setUpPython();
  await using lab = await startLab(PROJECT);
  const { origin, token } = lab;
  assert.match(origin, /^http:\/\/127\.0\.0\.1:\d+$/);
  const status = async (path: string) => {
    const answer = await fetch(`${origin}${path}`, { redirect: "manual" });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await status(`/lab?token=${token}`), 200);
  assert.equal(await status("/api/kernelspecs"), 403);
  assert.equal(await status("/lab"), 302);
  const specs = await (await fetch(`${origin}/api/kernelspecs?token=${token}`)).json();
  assert.equal(specs.default, "deno");
  assert.equal(specs.kernelspecs.deno.spec.argv[0], Deno.execPath());
  assert.equal(specs.kernelspecs.deno.spec.env.NO_COLOR, "1");
  const setting = "@jupyterlab/apputils-extension:notification";
  const { schema } = await (await fetch(`${origin}/lab/api/settings/${setting}?token=${token}`)).json();
  assert.equal(schema.properties.fetchNews.default, "false", "no question about news, no request for it");
});

Deno.test("lab in a fresh clone says what to install where Python is missing or too old, and sets up nothing", {
  ignore,
}, async () => {
  await using folder = await tempFolder();
  const project = join(folder.path, "project");
  await projectCopy(project, { python: false });
  const lab = async (name: string, python?: string) => {
    const bin = join(folder.path, name);
    await mkdir(bin);
    if (python !== undefined) await Deno.writeTextFile(join(bin, "python3"), `#!/bin/sh\n${python}\n`, { mode: 0o755 });
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", "lab", "--no-browser"],
      cwd: project,
      env: { PATH: bin, NO_COLOR: "1" },
    }).output();
    return { code, said: new TextDecoder().decode(stderr) };
  };
  const missing = await lab("empty");
  assert.equal(missing.code, 2, missing.said);
  assert.match(missing.said, /current value is "not on PATH"\. Give Python 3\.10 or later, .*type `/);
  const old = await lab("old", "echo 3.8");
  assert.equal(old.code, 2, old.said);
  assert.match(old.said, /current value is "python3 is 3\.8"\. Give Python 3\.10 or later/);
  assert(![...Deno.readDirSync(project)].some(({ name }) => name === ".venv"));
});
