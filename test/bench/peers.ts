import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Where peers are installed: kept between runs, outside of this project. */
const FOLDER = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "plimsoll-bench");
const NPM = ["autocannon@8.0.0", "artillery@2.0.34"];
const PYPI = ["locust==2.47.0", "psutil==7.2.2", "scipy==1.17.1", "duckdb==2.0.1", "polars==2.1.0", "pandas==3.1.1"];
const PYTHON = [[join(FOLDER, "python/bin/python")], ["python3"]];

/** Each peer: where it may be, the program and its first arguments, and how to ask whether it runs. */
const PLACES: Record<string, { commands: string[][]; test: string[] }> = {
  // Asked for its version it says it, and fails.
  wrk: { commands: [["wrk"]], test: [] },
  k6: { commands: [["k6"]], test: ["version"] },
  autocannon: {
    commands: [["node", join(FOLDER, "npm/node_modules/autocannon/autocannon.js")], ["autocannon"]],
    test: ["--version"],
  },
  locust: { commands: [[join(FOLDER, "python/bin/locust")], ["locust"]], test: ["--version"] },
  artillery: {
    commands: [["node", join(FOLDER, "npm/node_modules/artillery/bin/run")], ["artillery"]],
    test: ["--version"],
  },
  psutil: { commands: PYTHON, test: ["-c", "import psutil"] },
  duckdb: { commands: PYTHON, test: ["-c", "import duckdb"] },
  polars: { commands: PYTHON, test: ["-c", "import polars"] },
  pandas: { commands: PYTHON, test: ["-c", "import pandas"] },
  scipy: { commands: PYTHON, test: ["-c", "import scipy.optimize"] },
  R: { commands: [["Rscript"]], test: ["--version"] },
  node: { commands: [["node"]], test: ["--version"] },
};

/** What others would use in our place, where it is installed. */
export class Peers {
  #commands = new Map<string, string[] | undefined>();

  /** Program and first arguments of a peer; nothing if it is not installed, which is said once. */
  async command(name: string): Promise<string[] | undefined> {
    if (!this.#commands.has(name)) {
      const { commands, test } = PLACES[name];
      let found: string[] | undefined;
      for (const [program, ...args] of commands) {
        const there = test.length === 0 ? await onPath(program) : await succeeds(program, ...args, ...test);
        if (!found && there) found = [program, ...args];
      }
      if (!found) console.log(`Left out, as it is not installed: ${name}\n`);
      this.#commands.set(name, found);
    }
    return this.#commands.get(name);
  }
}

/** Installs what npm and PyPI have, unless it is there; what cannot be installed is left out later on. */
export async function installPeers(): Promise<void> {
  console.log(`Installing ${[...NPM, ...PYPI].join(", ")} in ${FOLDER}\n`);
  await Deno.mkdir(join(FOLDER, "npm"), { recursive: true });
  const python = join(FOLDER, "python");
  await succeeds("npm", "install", "--no-audit", "--no-fund", "--prefix", join(FOLDER, "npm"), ...NPM);
  if (await succeeds("python3", "-m", "venv", python)) await succeeds(`${python}/bin/pip`, "install", ...PYPI);
}

async function onPath(program: string): Promise<boolean> {
  return await succeeds("sh", "-c", `command -v ${program}`);
}

/** Whether a command ends well. */
export async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  try {
    // A download of a browser would take long, and none is used.
    const env = { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1" };
    return (await new Deno.Command(program, { args, env, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}
