import { fetchArtifacts } from "../cluster/mod.ts";
import { InputError } from "../schema/input_error.ts";
import { readFlags } from "./flags.ts";
import { HUB_FLAGS, HUB_HELP, requireHub } from "./hub_flags.ts";

const HELP = `Fetches screenshots and other artifacts that workers kept of a run, and checks them against its hashes.

  plimsoll fetch RUN --hub rediss://HOST:PORT [--json]

${HUB_HELP}
  --json                   print one JSON document and nothing else

Workers give them out where they were started with --serve-artifacts, as long as they run and their spool is there.
Exit code 1: some are still missing.

  plimsoll fetch data/runs/first --hub rediss://hub.example:6380 --hub-ca hub.pem
`;

/**
 * The command `plimsoll fetch`.
 *
 * @returns exit code: 0 all are here, 1 some are missing.
 * @throws {InputError} Before any side effect, if there is no run, or the hub does not let it in.
 */
export async function fetchCommand(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    ...HUB_FLAGS,
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  }, { most: 1, what: "RUN" });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const [run] = flags.positionals;
  if (run === undefined) throw new InputError("RUN", "nothing", "the folder of a run");
  const hub = requireHub(flags);
  const end = await fetchArtifacts(run, hub);
  if (flags.values.json) console.log(JSON.stringify({ schema: "plimsoll.fetch/1", ...end }, null, 2));
  else {
    if (end.listed === 0) console.log("This run lists no artifacts of workers.");
    else console.log(`${end.fetched} fetched, ${end.present} were there, of ${end.listed} listed.`);
    for (const { worker, files, reason } of end.missing) console.log(`  ${files} of ${worker} are missing: ${reason}`);
  }
  return end.missing.length === 0 ? 0 : 1;
}
