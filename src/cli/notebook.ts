import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { setUpPython } from "../notebook/set_up_python.ts";
import { InputError } from "../schema/mod.ts";
import { readFlags, readNumber } from "./flags.ts";

const HELP = `Runs a notebook from top to bottom in a fresh Deno kernel, and fails where a cell fails.

  plimsoll notebook run FILE.ipynb [--set NAME=VALUE]… [--out OUT.ipynb] [--timeout SECONDS]

  --set NAME=VALUE   replaces a constant of the cell tagged "parameters"; VALUE is JSON, or else text
  --out OUT.ipynb    writes the notebook with its outputs
  --timeout SECONDS  longest time of one cell (3600)

  plimsoll notebook run notebooks/01_first_sweep.ipynb --set levels='[1,2,4]' --out /tmp/swept.ipynb
`;

interface Cell {
  cell_type: string;
  source: string | string[];
  metadata: { tags?: string[] };
}

/**
 * The command `plimsoll notebook`: executes a notebook, with parameters.
 *
 * @param args What follows `notebook` on the command line.
 * @returns Exit code: 0 where every cell ran, 1 where one failed.
 * @throws {InputError} If the file is no notebook, or has no such parameter.
 */
export async function notebook(args: string[]): Promise<number> {
  const { values, positionals } = readFlags(args, {
    set: { type: "string", multiple: true },
    out: { type: "string" },
    timeout: { type: "string" },
    help: { type: "boolean", short: "h" },
  }, { most: 2, what: "run FILE.ipynb" });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [action, file] = positionals;
  if (action !== "run") throw new InputError("ACTION", action ?? "", "the action: notebook run FILE.ipynb");
  if (file === undefined) {
    throw new InputError("FILE", "", "a notebook, for example notebooks/01_first_sweep.ipynb");
  }
  const timeout_s = readNumber(values.timeout as string ?? "3600", "--timeout", { low: 1, high: 86_400 });
  const parameters = parsedParameters(values.set as string[] ?? []);
  checkParameters(await cellsOf(file), parameters);

  const { python, env } = await setUpPython({ onStep: (text) => console.error(text) });
  const script = fileURLToPath(new URL("../notebook/execute.py", import.meta.url));
  const command = [script, resolve(file), "--timeout", String(timeout_s), "--parameters", JSON.stringify(parameters)];
  if (values.out !== undefined) command.push("--out", resolve(values.out as string));
  return await ended(spawn(python, command, { stdio: "inherit", env: { ...process.env, ...env } }));
}

/** Ctrl-C reaches the child as well; this process stays to pass on how it ended. */
function ended(child: ReturnType<typeof spawn>): Promise<number> {
  const wait = () => {};
  process.on("SIGINT", wait);
  return new Promise<number>((done, fail) => {
    child.on("error", fail);
    child.on("exit", (code, signal) => done(code ?? (signal === "SIGINT" ? 130 : 1)));
  }).finally(() => process.off("SIGINT", wait));
}

function parsedParameters(settings: string[]): Record<string, unknown> {
  const parameters: Record<string, unknown> = {};
  for (const setting of settings) {
    const [, name, text] = /^([A-Za-z_$][\w$]*)=(.*)$/s.exec(setting) ?? [];
    if (name === undefined) throw new InputError("--set", setting, "NAME=VALUE, for example levels='[1,2,4]'");
    try {
      parameters[name] = JSON.parse(text);
    } catch {
      parameters[name] = text;
    }
  }
  return parameters;
}

async function cellsOf(file: string): Promise<Cell[]> {
  try {
    const { cells } = JSON.parse(await readFile(file, "utf8"));
    if (Array.isArray(cells)) return cells;
  } catch {
    // Said below: absent, unreadable and malformed files have the same remedy.
  }
  throw new InputError("FILE", file, "the path of a Jupyter notebook (.ipynb)");
}

function checkParameters(cells: Cell[], parameters: Record<string, unknown>): void {
  const cell = cells.find(({ cell_type, metadata }) => cell_type === "code" && metadata.tags?.includes("parameters"));
  const source = cell === undefined ? "" : [cell.source].flat().join("");
  const known = [...source.matchAll(/\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)/g)].map(([, name]) => name);
  for (const name of Object.keys(parameters)) {
    if (known.includes(name)) continue;
    const remedy = known.length > 0
      ? `a parameter of the notebook: ${known.join(", ")}`
      : 'no parameters: the notebook has no cell tagged "parameters"';
    throw new InputError("--set", name, remedy);
  }
}
