import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readJsonl } from "../dataset/read_jsonl.ts";
import { InputError } from "../schema/input_error.ts";
import type { ManifestLine } from "../schema/run.ts";
import { readFlags } from "./flags.ts";
import { textTable } from "./text_table.ts";

const HELP = `Lists the runs in a folder.

  plimsoll list [DIR] [--json]

  plimsoll list data/runs
`;

/**
 * The command `plimsoll list`.
 *
 * @returns exit code.
 */
export async function list(args: string[]): Promise<number> {
  const flags = readFlags(args, { json: { type: "boolean" }, help: { type: "boolean", short: "h" } }, {
    most: 1,
    what: "DIR",
  });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const folder = flags.positionals[0] ?? "data/runs";
  const names = await readdir(folder).catch((error) => {
    if (flags.positionals.length === 0) return [];
    throw new InputError("DIR", folder, `a folder of runs (${error.code})`);
  });
  const found = await Promise.all(names.sort().map((name) => describe(join(folder, name))));
  const runs = found.flat();
  if (flags.values.json) console.log(JSON.stringify({ schema: "plimsoll.list/1", runs }, null, 2));
  else if (runs.length === 0) console.log(`No runs in ${folder}. Make one: deno task plimsoll sweep --url URL`);
  else {
    const rows = runs.map((run) => [run.path, run.mode, run.target, run.started_at, String(run.attempts), run.state]);
    console.log(textTable(["run", "mode", "target", "started", "attempts", "state"], rows, [4]));
  }
  return 0;
}

interface ListedRun {
  path: string;
  mode: string;
  target: string;
  started_at: string;
  /** Complete ones. */
  attempts: number;
  state: string;
}

/** The run in a folder, or those in the folders of a folder that holds none, as the demo leaves them. */
async function describe(path: string, depth = 0): Promise<ListedRun[]> {
  const { rows } = await readJsonl<ManifestLine>(join(path, "manifest.jsonl")).catch(() => ({ rows: [] }));
  if (rows.length === 0) {
    if (depth > 0) return [];
    const names = await readdir(path).catch(() => []);
    return (await Promise.all(names.sort().map((name) => describe(join(path, name), depth + 1)))).flat();
  }
  const plan = await readFile(join(path, "plan.json"), "utf8").then(JSON.parse, () => ({}));
  // What was said last counts: a run that was stopped may have been resumed.
  const last = rows.findLast(({ event }) => /^(sweep_|resumed)/.test(event))?.event ?? "";
  return [{
    path,
    mode: String(plan.mode ?? ""),
    target: URL.canParse(plan.url) ? new URL(plan.url).host : "",
    started_at: rows[0].at,
    attempts: rows.filter(({ event }) => event === "attempt_complete").length,
    state: { sweep_complete: "complete", sweep_partial: "partial", sweep_stopped: "stopped" }[last as string] ?? "open",
  }];
}
