import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { PROJECT, setUpPython } from "../notebook/set_up_python.ts";
import { readFlags, readNumber } from "./flags.ts";

const HELP =
  `Opens JupyterLab on the project's notebooks, with the Deno kernel. The first time it installs JupyterLab into .venv.

  plimsoll lab [--port PORT] [--no-browser]

  --port PORT   port on 127.0.0.1; 0 takes a free one (8888)
  --no-browser  prints the address instead of opening it

  plimsoll lab --no-browser --port 0
`;

/**
 * The command `plimsoll lab`: sets up JupyterLab inside the project and serves the notebooks, on loopback, behind a token.
 *
 * @param args What follows `lab` on the command line.
 * @returns Exit code: that of JupyterLab.
 * @throws {InputError} If the port is none.
 */
export async function lab(args: string[]): Promise<number> {
  const { values } = readFlags(args, {
    port: { type: "string" },
    "no-browser": { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const port = readNumber(values.port as string ?? "8888", "--port", { low: 0, high: 65_535, whole: true });

  const { python, env } = await setUpPython({ onStep: (text) => console.error(text) });
  await quieten(env.JUPYTER_PATH);
  const command = [
    ...["-m", "jupyterlab", join(PROJECT, "notebooks")],
    ...["--ip=127.0.0.1", `--port=${port}`],
    // It would ask the outside world for news, versions and extensions.
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--MultiKernelManager.default_kernel_name=deno",
  ];
  if (values["no-browser"]) command.push("--no-browser");
  if (process.getuid?.() === 0) command.push("--allow-root");
  const server = spawn(python, command, { stdio: "inherit", env: { ...process.env, ...env } });

  // Ctrl-C reaches JupyterLab as well, which asks before it stops; other signals are passed on.
  const wait = () => {};
  const stop = () => server.kill("SIGTERM");
  process.on("SIGINT", wait).on("SIGTERM", stop);
  try {
    return await new Promise<number>((done, fail) => {
      server.on("error", fail);
      server.on("exit", (code) => done(code ?? 130));
    });
  } finally {
    process.off("SIGINT", wait).off("SIGTERM", stop);
  }
}

/** Otherwise JupyterLab begins with the question whether it may fetch news. */
async function quieten(share: string): Promise<void> {
  const folder = join(share, "lab", "settings");
  await mkdir(folder, { recursive: true });
  const notification = { fetchNews: "false", checkForUpdates: false };
  const overrides = { "@jupyterlab/apputils-extension:notification": notification };
  await writeFile(join(folder, "overrides.json"), JSON.stringify(overrides, null, 2) + "\n");
}
