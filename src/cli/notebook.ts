import { spawn } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { setUpPython } from "../notebook/set_up_python.ts";
import { InputError } from "../schema/mod.ts";
import { readFlags, readNumber } from "./flags.ts";
import { notebookParameters, parameterValues } from "./notebook_parameters.ts";

const HELP = `Runs a notebook from top to bottom in a fresh Deno kernel, and fails where a cell fails.

  plimsoll notebook run FILE.ipynb [--set NAME=VALUE]… [--out OUT.ipynb|OUT.html] [--timeout SECONDS]

  --set NAME=VALUE   replaces a constant of the cell tagged "parameters"; VALUE is JSON or text, of the same type
  --out FILE         writes the notebook with its outputs (.ipynb), or as a page that needs no network (.html)
  --timeout SECONDS  longest time of one cell (3600)

  plimsoll notebook run notebooks/01_first_sweep.ipynb --set levels='[1,2,4]' --out swept.html
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
 * @throws {InputError} If the file is no notebook, has no such parameter or one of another type, or the result cannot be
 *   written where it is to be.
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
  const known = notebookParameters(parametersCell(await cellsOf(file)));
  const parameters = parameterValues(values.set as string[] ?? [], known);
  const out = await outFile(values.out as string | undefined);

  const { python, env } = await setUpPython({ onStep: (text) => console.error(text) });
  const script = fileURLToPath(new URL("../notebook/execute.py", import.meta.url));
  const command = [script, resolve(file), "--timeout", String(timeout_s), "--parameters", JSON.stringify(parameters)];
  if (out !== undefined) command.push("--out", out);
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

async function cellsOf(file: string): Promise<Cell[]> {
  try {
    const { cells } = JSON.parse(await readFile(file, "utf8"));
    if (Array.isArray(cells)) return cells;
  } catch {
    // Said below: absent, unreadable and malformed files have the same remedy.
  }
  throw new InputError("FILE", file, "the path of a Jupyter notebook (.ipynb)");
}

function parametersCell(cells: Cell[]): string {
  const cell = cells.find(({ cell_type, metadata }) => cell_type === "code" && metadata.tags?.includes("parameters"));
  return cell === undefined ? "" : [cell.source].flat().join("");
}

/** A place that can be written to is better known before the sweep than after it. */
async function outFile(out: string | undefined): Promise<string | undefined> {
  if (out === undefined) return undefined;
  if (!/\.(ipynb|html)$/i.test(out)) throw new InputError("--out", out, "a file that ends in .ipynb or .html");
  const folder = dirname(resolve(out));
  if (!await stat(folder).then((found) => found.isDirectory(), () => false)) {
    throw new InputError("--out", out, "a file in a folder that exists");
  }
  return resolve(out);
}
