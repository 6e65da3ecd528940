import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { writeKernelspec } from "./write_kernelspec.ts";

const run = promisify(execFile);

/** A Python of the project's own, with JupyterLab and nbclient in it. */
export interface PythonSetUp {
  /** Absolute path of its interpreter. */
  python: string;
  /** Variables that keep Jupyter inside the project, and let it find the Deno kernel. */
  env: Record<string, string>;
}

/** Settings of {@linkcode setUpPython}. */
export interface SetUpPythonOptions {
  /**
   * Folder of the virtual environment.
   * @default ".venv" in the project
   */
  folder?: string;
  /**
   * What to install.
   * @default "notebooks/requirements.txt" in the project
   */
  requirements?: string;
  /**
   * Interpreters to try, by name or path.
   * @default those usual on PATH
   */
  interpreters?: string[];
  /** Hears what is going on, once a step: an installation takes about half a minute. */
  onStep?: (text: string) => void;
}

/** The project's folder. */
export const PROJECT: string = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Makes sure that the project has a Python with the pinned requirements of `notebooks/requirements.txt`, and a kernelspec
 * that starts the running Deno. Does nothing where that is so already; touches nothing outside the folder.
 *
 * @param options Where, and from which interpreter.
 * @returns The interpreter, and the variables to start Jupyter with.
 * @throws {Error} If there is no Python ≥ 3.10, no pip, or a package cannot be had; the message says what to type.
 */
export async function setUpPython(options: SetUpPythonOptions = {}): Promise<PythonSetUp> {
  const folder = options.folder ?? join(PROJECT, ".venv");
  const requirements = options.requirements ?? join(PROJECT, "notebooks", "requirements.txt");
  const say = options.onStep ?? (() => {});
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const stamp = join(folder, "requirements.sha256");
  const wanted = createHash("sha256").update(await readFile(requirements)).digest("hex");

  await mkdir(folder, { recursive: true });
  const lock = await Deno.open(join(folder, "plimsoll.lock"), { create: true, write: true });
  try {
    await lock.lock(true);
    const done = existsSync(python) && await readFile(stamp, "utf8").catch(() => "");
    if (done !== wanted) {
      const base = await findPython(options.interpreters);
      say(`Installing JupyterLab into ${folder} (once)`);
      await install({ base, requirements, folder, python });
      await writeFile(stamp, wanted);
    }
    return { python, env: await writeKernelspec(folder) };
  } finally {
    lock.close();
  }
}

/**
 * Finds a Python that can carry the requirements.
 *
 * @param interpreters Names or paths to try, in order.
 * @returns Its name or path.
 * @throws {Error} If there is none; the message says what to install.
 */
export async function findPython(
  interpreters: string[] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"],
): Promise<string> {
  const found: string[] = [];
  for (const name of interpreters) {
    try {
      const { stdout } = await run(name, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]);
      const [major, minor] = stdout.trim().split(".").map(Number);
      if (major === 3 && minor >= 10) return name;
      found.push(`${name} is ${stdout.trim()}`);
    } catch {
      // Absent, or a stub that only advertises a shop.
    }
  }
  throw new Error(
    `Cannot set up JupyterLab: it needs Python 3.10 or later${found.length > 0 ? ` (${found.join(", ")})` : ""}. ` +
      `Type \`${PYTHON_LINE}\``,
  );
}

/** The line that installs what a virtual environment needs, on this system. */
const PYTHON_LINE = process.platform === "darwin"
  ? "brew install python3"
  : process.platform === "win32"
  ? "winget install Python.Python.3.13"
  : "apt-get install python3 python3-venv";

async function install(what: { base: string; requirements: string; folder: string; python: string }): Promise<void> {
  const { base, requirements, folder, python } = what;
  const packages = ["install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement", requirements];
  let pip: [string, string[]] = [python, ["-m", "pip", ...packages]];
  try {
    await run(base, ["-m", "venv", folder]);
  } catch {
    // Debian keeps `ensurepip` in a package of its own; a pip outside the environment serves as well.
    await run(base, ["-m", "venv", "--without-pip", folder]).catch((error) => {
      throw new Error(`Cannot make a virtual environment: type \`${PYTHON_LINE}\` (${lastLine(error)})`);
    });
    await run(base, ["-m", "pip", "--version"]).catch(() => {
      throw new Error(`Cannot install JupyterLab, as ${base} has neither ensurepip nor pip: type \`${PYTHON_LINE}\``);
    });
    pip = [base, ["-m", "pip", "--python", python, ...packages]];
  }
  await run(...pip).catch((error) => {
    throw new Error(`Cannot install ${requirements}: ${lastLine(error)}`);
  });
}

function lastLine(error: { stderr?: string; message: string }): string {
  return (error.stderr || error.message).trim().split("\n").at(-1) ?? "";
}
