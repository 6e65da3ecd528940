import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { PROJECT, setUpPython } from "../../src/notebook/set_up_python.ts";

Deno.test("lab serves JupyterLab on loopback, to who has the token only, with the running Deno as kernel", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await setUpPython();
  const main = join(PROJECT, "src/cli/main.ts");
  const lab = spawn(Deno.execPath(), ["run", "-A", "--quiet", main, "lab", "--no-browser", "--port", "0"]);
  const ended = new Promise<number | null>((done) => lab.on("exit", done));
  try {
    const { origin, searchParams } = await new Promise<URL>((done, fail) => {
      let text = "";
      lab.stderr.on("data", (part) => {
        text += part;
        const url = /http:\/\/\S+:\d+\/lab\?token=\w+/.exec(text)?.[0];
        if (url !== undefined) done(new URL(url));
      });
      lab.on("exit", () => fail(new Error(`It ended: ${text}`)));
    });
    assert.match(origin, /^http:\/\/127\.0\.0\.1:\d+$/);
    const token = searchParams.get("token");
    // It says its address shortly before it listens.
    for (let tries = 0; tries < 100; tries++) {
      const there = await fetch(origin).then((answer) => answer.body?.cancel().then(() => true), () => false);
      if (there) break;
      await new Promise((done) => setTimeout(done, 100));
    }
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
  } finally {
    lab.kill("SIGTERM");
    await ended;
  }
});
