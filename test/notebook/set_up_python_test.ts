import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { findPython, setUpPython } from "../../src/notebook/set_up_python.ts";

const windows = Deno.build.os === "windows";

async function inTemp(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "plimsoll python " });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function script(path: string, body: string): Promise<string> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

Deno.test("findPython() says what to install where there is none, an old one, or one that lacks a part", {
  ignore: windows,
}, async () => {
  await inTemp(async (folder) => {
    const absent = join(folder, "absent");
    const old = await script(join(folder, "old"), "echo 3.9");
    const bare = await script(join(folder, "bare"), "echo 3.11; echo venv");
    const noPip = await script(join(folder, "noPip"), "echo 3.12; echo ensurepip; echo pip");
    const cases: [interpreters: string[], says: RegExp][] = [
      [[absent], /python3: current value is "not on PATH"\. Give Python 3\.10 or later, .*type `.*install python3/],
      [[absent, old], /old is 3\.9"\. Give/],
      [[old, bare], /old is 3\.9, .+bare is 3\.11 without venv"/],
      [[noPip], /is 3\.12 without ensurepip and pip"/],
    ];
    for (const [interpreters, says] of cases) {
      await assert.rejects(findPython(interpreters), { name: "InputError", message: says });
    }
    const onlyPip = await script(join(folder, "onlyPip"), "echo 3.10; echo ensurepip");
    assert.equal(await findPython([old, onlyPip]), onlyPip);
  });
});

Deno.test("setUpPython() writes nothing where there is no Python", async () => {
  await inTemp(async (folder) => {
    const requirements = join(folder, "requirements.txt");
    await Deno.writeTextFile(requirements, "nest_asyncio==1.6.0\n");
    const settings = { folder: join(folder, "venv"), requirements, interpreters: [join(folder, "absent")] };
    await assert.rejects(setUpPython(settings), { name: "InputError" });
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["requirements.txt"]);
  });
});

Deno.test("setUpPython() serves Debian's Python without ensurepip, and does nothing the second time", {
  ignore: windows,
}, async () => {
  await inTemp(async (folder) => {
    const python = await findPython();
    const bare = await script(
      join(folder, "bare"),
      `case "$*" in "-m venv --without-pip"*) ;; "-m venv"*) echo "ensurepip is not available" >&2; exit 1 ;; esac\nexec ${python} "$@"`,
    );
    const requirements = join(folder, "requirements.txt");
    await Deno.writeTextFile(requirements, "nest_asyncio==1.6.0\n");
    const steps: string[] = [];
    const settings = { folder: join(folder, "venv"), requirements, onStep: (text: string) => steps.push(text) };

    const first = await setUpPython({ ...settings, interpreters: [bare] });
    assert.equal(steps.length, 2, `${steps}`);
    execFileSync(first.python, ["-c", "import nest_asyncio"]);
    const spec = JSON.parse(await Deno.readTextFile(join(first.env.JUPYTER_PATH, "kernels/deno/kernel.json")));
    assert.deepEqual(spec.argv, [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"]);
    for (const path of Object.values(first.env)) assert.ok(path.startsWith(settings.folder), path);

    assert.deepEqual(await setUpPython({ ...settings, interpreters: ["/nonexistent"] }), first);
    assert.equal(steps.length, 2);

    await Deno.writeTextFile(requirements, "nest_asyncio==1.5.9\n");
    await assert.rejects(
      setUpPython({ ...settings, interpreters: ["/nonexistent"] }),
      /Python 3\.10/,
      "changed requirements",
    );

    // As after an upgrade of the system's Python.
    await Deno.writeTextFile(requirements, "nest_asyncio==1.6.0\n");
    await Deno.remove(first.python);
    await Deno.symlink(join(folder, "gone"), first.python);
    await setUpPython(settings);
    execFileSync(first.python, ["-c", "import nest_asyncio"]);
  });
});

Deno.test(
  "setUpPython() names what cannot be installed, and tries again the next time",
  { ignore: windows },
  async () => {
    await inTemp(async (folder) => {
      const requirements = join(folder, "requirements.txt");
      await Deno.writeTextFile(requirements, "./no-such-package\n");
      const settings = { folder: join(folder, "venv"), requirements };
      await assert.rejects(setUpPython(settings), /Cannot install .*requirements\.txt/);
      await assert.rejects(setUpPython(settings), /Cannot install .*requirements\.txt/);
    });
  },
);
