import process from "node:process";
import { runWorker } from "../cluster/mod.ts";
import { InputError } from "../schema/input_error.ts";
import { readFlags, readNumber } from "./flags.ts";
import { HUB_FLAGS, HUB_HELP, requireHub } from "./hub_flags.ts";

const HELP = `Drives shares of sweeps that a hub hands out, until it is stopped.

  plimsoll worker --hub rediss://HOST:PORT --capacity N [flags]

${HUB_HELP}
  --capacity N             the most sessions that this machine takes; shares are in proportion
  --name NAME              its name at the hub                        (the machine's, and a few digits)
  --spool DIR              where rows lie until they are sent, and artifacts stay   (a folder of the temporary one)
  --serve-artifacts HOST:PORT   give out screenshots and the like to plimsoll fetch; over TLS with --hub-cert and --hub-key
  --i-may-load-test=HOST:PORT   consent to load a host that is not loopback: each worker has its own
  --json                   print what it did as one JSON document when it ends

Start one on each machine, then plimsoll sweep --hub. A worker that does not reach the hub for 2.5 s stops its load. Files that
the plan names (scenario, users, CA) and variables that it uses have to be on every worker; the files' hashes are checked.
A sweep asks all workers whether they can drive its plan before it begins, and begins only where all can.
Ctrl-C or SIGTERM ends it; an attempt that it drives is void then, and repeated by the others. Exit code 1: it was not heard of
for 4 s, and another worker has its name now.

  PLIMSOLL_HUB_PASSWORD=... plimsoll worker --hub rediss://hub.example:6380 --hub-ca hub.pem --capacity 2000 \\
    --i-may-load-test=staging.example:443
`;

/**
 * The command `plimsoll worker`.
 *
 * @returns exit code: 0 when it was told to end.
 * @throws {InputError} Before any side effect, if the hub does not let it in, or a flag is not right.
 */
export async function worker(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    ...HUB_FLAGS,
    capacity: { type: "string" },
    name: { type: "string" },
    spool: { type: "string" },
    "serve-artifacts": { type: "string" },
    "i-may-load-test": { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  const { values } = flags;
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const hub = requireHub(flags);
  if (values.capacity === undefined) {
    throw new InputError("--capacity", "nothing", "the most sessions that this machine takes, for example 1000");
  }
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  const end = await runWorker({
    ...hub,
    capacity: readNumber(values.capacity as string, "--capacity", { low: 1, high: 100_000, whole: true }),
    name: values.name as string | undefined,
    spool: values.spool as string | undefined,
    serve: values["serve-artifacts"] as string | undefined,
    consent: values["i-may-load-test"] as string | undefined,
    signal: controller.signal,
    onNote: (text) => console.error(`${new Date().toISOString()} ${text}`),
  });
  if (values.json) console.log(JSON.stringify({ schema: "plimsoll.worker/1", ...end }, null, 2));
  return 0;
}
