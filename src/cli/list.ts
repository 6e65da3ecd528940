import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readJsonl } from "../dataset/read_jsonl.ts";
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
  const names = await readdir(folder).catch(() => []);
  const runs = (await Promise.all(names.sort().map((name) => describe(join(folder, name))))).filter((run) =>
    run !== undefined
  );
  if (flags.values.json) console.log(JSON.stringify({ schema: "plimsoll.list/1", runs }, null, 2));
  else if (runs.length === 0) console.log(`No runs in ${folder}. Make one: deno task plimsoll sweep --url URL`);
  else {
    const rows = runs.map(({ path, started_at, attempts, state }) => [path, started_at, String(attempts), state]);
    console.log(textTable(["run", "started", "attempts", "state"], rows, [2]));
  }
  return 0;
}

async function describe(path: string) {
  const { rows } = await readJsonl<ManifestLine>(join(path, "manifest.jsonl")).catch(() => ({ rows: [] }));
  if (rows.length === 0) return undefined;
  // What was said last counts: a run that was stopped may have been resumed.
  const last = rows.findLast(({ event }) => /^(sweep_|resumed)/.test(event))?.event ?? "";
  return {
    path,
    started_at: rows[0].at,
    attempts: rows.filter(({ event }) => event === "attempt_complete").length,
    state: { sweep_complete: "complete", sweep_partial: "partial", sweep_stopped: "stopped" }[last as string] ?? "open",
  };
}
