import assert from "node:assert/strict";
import { join } from "node:path";
import { carriedBrowser } from "../../src/browser/carried_browser.ts";
import { findBrowser } from "../../src/browser/mod.ts";
import { tryBrowser } from "../../src/browser/try_browser.ts";
import { InputError } from "../../src/schema/mod.ts";

const carriable = Deno.build.os === "linux" && Deno.build.arch === "x86_64";

async function inTemp(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "plimsoll-browser-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function wrapper(path: string, body: string): Promise<string> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

Deno.test("findBrowser() refuses a path that was asked for and cannot be run, and names it", async () => {
  await inTemp(async (folder) => {
    const text = join(folder, "text");
    await Deno.writeTextFile(text, "not a program", { mode: 0o644 });
    for (const path of [join(folder, "absent"), folder, text]) {
      for (
        const [options, name] of [[{ path }, "--browser"], [
          { env: { PLIMSOLL_BROWSER: path } },
          "PLIMSOLL_BROWSER",
        ]] as const
      ) {
        await assert.rejects(findBrowser(options), (error: unknown) => {
          assert.ok(error instanceof InputError);
          assert.equal(error.field, name);
          assert.equal(error.value, path);
          return true;
        });
      }
    }
  });
});

Deno.test("findBrowser() prefers the flag to the variable, and both to all else", async () => {
  await inTemp(async (folder) => {
    const flag = await wrapper(join(folder, "flag"), "echo Chromium 1.0");
    const variable = await wrapper(join(folder, "variable"), "echo Chromium 1.0");
    const env = { PLIMSOLL_BROWSER: variable };
    assert.deepEqual(await findBrowser({ path: flag, env }), { path: flag, source: "flag" });
    assert.deepEqual(await findBrowser({ env }), { path: variable, source: "environment" });
  });
});

Deno.test("findBrowser() takes a Chromium on PATH, but not a script that only advertises one", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await inTemp(async (folder) => {
    await wrapper(join(folder, "google-chrome-stable"), "echo 'Requires the chromium snap' >&2; exit 1");
    const real = await wrapper(join(folder, "chromium"), "echo Chromium 156.0.7390.54");
    const found = await findBrowser({ env: { PATH: folder } });
    // On a machine with Playwright's own download that one is right.
    if (found.source !== "playwright") assert.deepEqual(found, { path: real, source: "system" });
  });
});

Deno.test("carriedBrowser() unpacks once for processes that start together, for this user alone", {
  ignore: !carriable,
}, async () => {
  await inTemp(async (folder) => {
    const env = { XDG_CACHE_HOME: folder };
    const [first, second] = await Promise.all([carriedBrowser({ env }), carriedBrowser({ env })]);
    assert.deepEqual(first, second);
    const root = join(folder, "plimsoll");
    assert.equal(Deno.statSync(root).mode! & 0o777, 0o700);
    const left = [...Deno.readDirSync(root)].map(({ name }) => name).filter((name) => !name.endsWith(".lock"));
    assert.equal(left.length, 1);
    assert.equal((await tryBrowser(first)).works, true);
    const written = Deno.statSync(first.path).mtime?.getTime();
    await carriedBrowser({ env });
    assert.equal(Deno.statSync(first.path).mtime?.getTime(), written, "a second call must not unpack again");
  });
});

Deno.test("carriedBrowser() does not run what another user, or a link, put in its place", {
  ignore: !carriable,
}, async () => {
  await inTemp(async (folder) => {
    const elsewhere = join(folder, "elsewhere");
    await Deno.mkdir(elsewhere);
    await Deno.symlink(elsewhere, join(folder, `plimsoll-${Deno.uid()}`));
    await assert.rejects(carriedBrowser({ env: { TMPDIR: folder } }), /no private folder/);
  });
});

Deno.test("findBrowser() takes Playwright's own download: the full browser, else its headless shell", {
  ignore: !carriable,
}, async () => {
  await inTemp(async (folder) => {
    const { path: real } = await carriedBrowser();
    const { chromium } = await import("playwright");
    const revision = /chromium-(\d+)/.exec(chromium.executablePath())![1];
    const full = join(folder, `chromium-${revision}`, "chrome-linux64", "chrome");
    const shell = join(
      folder,
      `chromium_headless_shell-${revision}`,
      "chrome-headless-shell-linux64",
      "chrome-headless-shell",
    );
    for (const path of [shell, full]) {
      await Deno.mkdir(join(path, ".."), { recursive: true });
      await Deno.symlink(real, path);
      const script = `import { findBrowser } from "${new URL("../../src/browser/mod.ts", import.meta.url)}";
        console.log(JSON.stringify(await findBrowser()));`;
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["eval", "--quiet", script],
        cwd: new URL(".", import.meta.url),
        env: { PLAYWRIGHT_BROWSERS_PATH: folder, PLIMSOLL_BROWSER: "" },
      }).output();
      assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), { path, source: "playwright" });
    }
  });
});
