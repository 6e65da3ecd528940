import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { InputError } from "../schema/mod.ts";
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
  /** Hears what is going on, a line at a time: an installation takes from half a minute to several. */
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
 * @throws {InputError} If there is no Python ≥ 3.10 with venv and a pip, before anything is written; the message says what
 *   to type.
 * @throws {Error} If a package cannot be had.
 */
export async function setUpPython(options: SetUpPythonOptions = {}): Promise<PythonSetUp> {
  const folder = options.folder ?? join(PROJECT, ".venv");
  const requirements = options.requirements ?? join(PROJECT, "notebooks", "requirements.txt");
  const say = options.onStep ?? (() => {});
  const python = join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const stamp = join(folder, "requirements.sha256");
  const wanted = createHash("sha256").update(await readFile(requirements)).digest("hex");

  const ready = async () => existsSync(python) && await readFile(stamp, "utf8").catch(() => "") === wanted;
  const base = await ready() ? "" : await findPython(options.interpreters);
  await mkdir(folder, { recursive: true });
  const lock = await Deno.open(join(folder, "plimsoll.lock"), { create: true, write: true });
  try {
    await lock.lock(true);
    if (!await ready()) {
      say(`Installing JupyterLab into ${folder} (once, about 250 MB)`);
      await install({ base: base || await findPython(options.interpreters), requirements, folder, python, say });
      await writeFile(stamp, wanted);
    }
    return { python, env: await writeKernelspec(folder) };
  } finally {
    lock.close();
  }
}

/** What a Python has, as its version and the modules that it lacks. */
const PROBE = `import sys
print("%d.%d" % sys.version_info[:2])
for name in ("venv", "ensurepip", "pip"):
    try: __import__(name)
    except ImportError: print(name)`;

/**
 * Finds a Python that can carry the requirements: 3.10 or later, with venv, and with ensurepip or pip.
 *
 * @param interpreters Names or paths to try, in order.
 * @returns Its name or path.
 * @throws {InputError} If there is none; the message says what to install.
 */
export async function findPython(
  interpreters: string[] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"],
): Promise<string> {
  const found: string[] = [];
  for (const name of interpreters) {
    // Absent, or a stub that only advertises a shop.
    const { stdout } = await run(name, ["-c", PROBE]).catch(() => ({ stdout: "" }));
    const [version, ...lacks] = stdout.trim().split("\n");
    const [major, minor] = version.split(".").map(Number);
    if (!(major === 3 && minor >= 10)) found.push(...version === "" ? [] : [`${name} is ${version}`]);
    else if (lacks.includes("venv")) found.push(`${name} is ${version} without venv`);
    else if (lacks.includes("ensurepip") && lacks.includes("pip")) {
      found.push(`${name} is ${version} without ensurepip and pip`);
    } else return name;
  }
  const remedy = `Python 3.10 or later, with venv and pip, which JupyterLab needs: type \`${PYTHON_LINE}\``;
  throw new InputError("python3", found.length > 0 ? found.join(", ") : "not on PATH", remedy);
}

/** The line that installs what a virtual environment needs, on this system. */
const PYTHON_LINE = process.platform === "darwin"
  ? "brew install python3"
  : process.platform === "win32"
  ? "winget install Python.Python.3.13"
  : "apt-get install python3 python3-venv";

interface Install {
  base: string;
  requirements: string;
  folder: string;
  python: string;
  say: (text: string) => void;
}

async function install({ base, requirements, folder, python, say }: Install): Promise<void> {
  // A link to a Python that is gone would be kept.
  if (!existsSync(python)) await rm(python, { force: true });
  const packages = ["install", "--disable-pip-version-check", "--no-input", "--progress-bar=off"];
  packages.push("--requirement", requirements);
  let pip: [string, string[]] = [python, ["-m", "pip", ...packages]];
  try {
    await run(base, ["-m", "venv", folder]);
  } catch {
    // Debian keeps `ensurepip` in a package of its own; a pip outside the environment serves as well.
    await run(base, ["-m", "venv", "--without-pip", folder]).catch((error) => {
      throw new Error(`Cannot make a virtual environment: type \`${PYTHON_LINE}\` (${lastLine(error)})`);
    });
    pip = [base, ["-m", "pip", "--python", python, ...packages]];
  }
  const ended = run(...pip, { maxBuffer: 2 ** 26 });
  let collected = 0;
  createInterface({ input: ended.child.stdout! }).on("line", (line) => {
    const [, name] = /^Collecting ([\w.-]+)/.exec(line) ?? [];
    if (name !== undefined && ++collected % 10 === 0) say(`  ${collected} packages found, now ${name}`);
    if (line.startsWith("Installing collected")) say(`  ${collected} packages are unpacked`);
  });
  await ended.catch((error) => {
    throw new Error(`Cannot install ${requirements}: ${lastLine(error)}`);
  });
}

function lastLine(error: { stderr?: string; message: string }): string {
  return (error.stderr || error.message).trim().split("\n").at(-1) ?? "";
}
