/** The command line. Every command is a file of its own, loaded when it is asked for. */
import process from "node:process";
import config from "../../deno.json" with { type: "json" };
import type { ErrorDocument } from "../schema/error.ts";
import { InputError } from "../schema/input_error.ts";
import { nearest } from "./nearest.ts";

type Command = (args: string[]) => number | Promise<number>;

const COMMANDS: Record<string, { what: string; load: () => Promise<Command> }> = {
  demo: { what: "sweep, size and report the built-in Streamer", load: async () => (await import("./demo.ts")).demo },
  doctor: { what: "say what this machine has and lacks", load: async () => (await import("./doctor.ts")).doctor },
  sweep: { what: "measure a target at several levels", load: async () => (await import("./sweep.ts")).sweep },
  resume: {
    what: "go on with a sweep that was stopped or broke",
    load: async () => (await import("./resume.ts")).resume,
  },
  worker: {
    what: "drive shares of sweeps that a hub hands out",
    load: async () => (await import("./worker.ts")).worker,
  },
  fetch: {
    what: "fetch artifacts that workers kept of a run",
    load: async () => (await import("./fetch.ts")).fetchCommand,
  },
  merge: {
    what: "make one run of the shares that several machines drove",
    load: async () => (await import("./merge.ts")).merge,
  },
  import: {
    what: "make a run of files that another load tool wrote",
    load: async () => (await import("./import.ts")).importCommand,
  },
  list: { what: "list runs", load: async () => (await import("./list.ts")).list },
  fit: { what: "fit how each metric grows with sessions", load: async () => (await import("./fit.ts")).fit },
  next: { what: "name the level to run next, and why", load: async () => (await import("./next.ts")).next },
  size: { what: "size machines for a number of sessions", load: async () => (await import("./size.ts")).size },
  compare: {
    what: "say whether a run is a regression of another",
    load: async () => (await import("./compare.ts")).compare,
  },
  report: { what: "write the report of a run", load: async () => (await import("./report.ts")).report },
  export: { what: "write the frames of a run as files", load: async () => (await import("./export.ts")).exportCommand },
  lab: { what: "open the notebooks in JupyterLab", load: async () => (await import("./lab.ts")).lab },
  notebook: { what: "run a notebook unattended", load: async () => (await import("./notebook.ts")).notebook },
  schema: { what: "print a JSON Schema", load: async () => (await import("./schema.ts")).schema },
};

const HELP = `Plimsoll: what a session costs, how that scales, and what machines to buy.

  deno task plimsoll COMMAND [--help]

${Object.entries(COMMANDS).map(([name, { what }]) => `  ${name.padEnd(10)}${what}`).join("\n")}

With --json a command prints one JSON document on standard output, also where it fails: see plimsoll schema error.
Exit codes: 0 done, 1 broken or partial, 2 bad input, 3 a guard ended it, 4 compare found a regression, 74 input or output failed,
130 interrupted.

  deno task plimsoll sweep --url http://127.0.0.1:8080/ --levels 1..16 --out data/runs/first
  deno task plimsoll report data/runs/first
`;

/**
 * Runs one command.
 *
 * @param args the command's name and what follows it.
 * @returns exit code: 0 done, 1 broken or partial, 2 bad input, 3 a guard ended it, 4 a regression, 74 input or output
 *   failed, 130 interrupted.
 */
export async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--version") {
    console.log(`plimsoll ${config.version}`);
    return 0;
  }
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(HELP);
    return 0;
  }
  try {
    if (!Object.hasOwn(COMMANDS, name)) {
      const known = Object.keys(COMMANDS);
      throw new InputError("COMMAND", name, nearest(name, known) ?? `one of ${known.join(", ")}`);
    }
    const command = await COMMANDS[name].load();
    return await command(rest);
  } catch (error) {
    const { message, code = "" } = error as Error & { code?: string };
    console.error(`plimsoll ${name}: ${message}`);
    if (rest.includes("--json")) console.log(JSON.stringify(errorDocument(error as Error), null, 2));
    if (error instanceof InputError) return 2;
    if (/^ERR_PARSE_ARGS/.test(code)) return 2;
    if (/^(ENOSPC|EIO|EROFS|EACCES|EPERM|EDQUOT|EFBIG|ENOTDIR|EEXIST|EISDIR|ENOENT)$/.test(code)) return 74;
    if (Deno.env.get("PLIMSOLL_DEBUG")) console.error(error);
    return 1;
  }
}

/** What a program reads instead of the sentence. */
function errorDocument(error: Error & { code?: string }): ErrorDocument {
  const { message, code } = error;
  if (!(error instanceof InputError)) {
    return { schema: "plimsoll.error/1", error: { message, ...(code ? { code } : {}) } };
  }
  const { field, value, remedy } = error;
  return { schema: "plimsoll.error/1", error: { field, value, remedy, message } };
}

if (import.meta.main) process.exit(await main(Deno.args));
