import { InputError } from "../schema/input_error.ts";
import { resume as resumeRun } from "../run/mod.ts";
import { readFlags } from "./flags.ts";
import { HUB_FLAGS, readFleet } from "./hub_flags.ts";
import { endCode, endText, inTerminal, withFleet } from "./sweep.ts";

const HELP = `Goes on with a sweep that was stopped, or that broke.

  plimsoll resume RUN [--json]

What is complete is checked against its hashes and kept. What is open, or was damaged, is run again as a new attempt, in the
order that the run began with; what broke three times is tried once more. A search for a limit goes on from what it has
found. A file STOP in the run's folder is removed.

  --i-may-load-test=HOST:PORT   consent to load a host that is not loopback, again
  --hub rediss://HOST:PORT      where workers drove it: their hub, and its flags as plimsoll worker --help
  --workers N                   with --hub: wait for so many, up to 60 s, again: it is not kept with the run   (1)
  --json                        print one JSON document and nothing else

  plimsoll resume data/runs/first
`;

/**
 * The command `plimsoll resume`.
 *
 * @returns exit code: 0 complete, 1 partial, 3 ended by a guard, 130 interrupted.
 * @throws {InputError} Before any side effect, if there is no such run, or it cannot be gone on with.
 */
export async function resume(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    ...HUB_FLAGS,
    workers: { type: "string" },
    "i-may-load-test": { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  }, { most: 1, what: "RUN" });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const [path] = flags.positionals;
  if (path === undefined) throw new InputError("RUN", "nothing", "the folder of a run");
  const consent = flags.values["i-may-load-test"] as string | undefined;
  const hub = readFleet(flags);
  const end = await withFleet(hub, (fleet) => inTerminal((options) => resumeRun(path, { consent, fleet, ...options })));
  if (flags.values.json) console.log(JSON.stringify({ schema: "plimsoll.sweep/1", ...end }, null, 2));
  else console.log(endText(end, flags));
  return endCode(end);
}
