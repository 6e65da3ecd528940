import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

/** A running `plimsoll lab`. */
export interface Lab extends AsyncDisposable {
  origin: string;
  token: string;
}

/** Starts JupyterLab as a user does, and waits until it answers. */
export async function startLab(project: string, env: Record<string, string> = {}): Promise<Lab> {
  const args = ["run", "-A", "--quiet", join(project, "src/cli/main.ts"), "lab", "--no-browser", "--port", "0"];
  const lab = spawn(Deno.execPath(), args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((done) => lab.on("exit", () => done()));
  const url = await new Promise<URL>((done, fail) => {
    let text = "";
    lab.stderr.on("data", (part) => {
      text += part;
      const found = /http:\/\/\S+:\d+\/lab\?token=\w+/.exec(text)?.[0];
      if (found !== undefined) done(new URL(found));
    });
    lab.on("exit", () => fail(new Error(`It ended: ${text}`)));
  });
  const stop = async () => {
    lab.kill("SIGTERM");
    await ended;
  };
  // It says its address shortly before it listens.
  for (let tries = 0; tries < 100; tries++) {
    const there = await fetch(url.origin).then((answer) => answer.body?.cancel().then(() => true), () => false);
    if (there) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  return { origin: url.origin, token: url.searchParams.get("token")!, [Symbol.asyncDispose]: stop };
}
