import { InputError } from "../schema/input_error.ts";
import { merge as mergeRuns } from "../run/mod.ts";
import { readFlags } from "./flags.ts";

const HELP = `Makes one run of the shares that several machines drove of a sweep.

  plimsoll merge OUT RUN RUN ... [--json]

OUT is a new folder; the runs are those of \`sweep --share\`, all of them, copied to this machine, in any order. They are read
only. Attempts that are complete in all shares become attempts of the merged run; what a share lacks is left out, and said.
Resources are those of the machine that sampled the target. Of the other machines, generators and browsers are added; their
systems are not, so there is no textbook figure of cores and memory.

  --json        print one JSON document and nothing else

  plimsoll merge data/runs/whole share-1 share-2 share-3
  plimsoll report data/runs/whole
`;

/** More than anybody has machines. */
const MOST_RUNS = 1000;

/**
 * The command `plimsoll merge`.
 *
 * @returns exit code: 0 complete, 1 partial.
 * @throws {InputError} Before any side effect, if the runs are not all shares of one sweep.
 */
export async function merge(args: string[]): Promise<number> {
  const flags = readFlags(args, { json: { type: "boolean" }, help: { type: "boolean", short: "h" } }, {
    most: 1 + MOST_RUNS,
    what: "OUT RUN RUN ...",
  });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const [out, ...runs] = flags.positionals;
  if (out === undefined) throw new InputError("OUT", "nothing", "a new folder, and then those of all shares");
  const end = await mergeRuns(out, runs);
  if (flags.values.json) console.log(JSON.stringify({ schema: "plimsoll.merge/1", ...end }, null, 2));
  else {
    const { complete, planned, failing } = end.attempts;
    const mind = failing > 0 ? ` In ${failing} of them most requests failed.` : "";
    const all = complete === planned ? `All ${planned} attempts` : `${complete} of ${planned} attempts`;
    console.log([
      `${all} are complete in all ${runs.length} shares.${mind}`,
      ...(end.left_out.length > 0 ? ["Left out:", ...end.left_out.map((text) => `  ${text}`)] : []),
      `The target was sampled by share ${end.sampled_by}.`,
      `Run:  ${end.path}`,
      `Next: deno task plimsoll report ${end.path}`,
    ].join("\n"));
  }
  return end.state === "complete" ? 0 : 1;
}
