import { nextLevel } from "../size/mod.ts";
import { readFlags, readNumber } from "./flags.ts";
import { fitSource, TABLE_FLAGS, TABLE_HELP } from "./table_flags.ts";

const HELP =
  `Names the level to run next: the one that narrows what is bought for a target the most, on a machine that carries it.

  plimsoll next RUN|FILE.csv [--target 100] [--json]

  --target N   sessions to size for  (100)
  --json       print one JSON document and nothing else

${TABLE_HELP}

  plimsoll next data/sample/streamer_http --target 250
  plimsoll next levels.csv --y cores --json
`;

/**
 * The command `plimsoll next`.
 *
 * @returns exit code.
 * @throws {InputError} If there is no run, or a flag is not right.
 */
export async function next(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    ...TABLE_FLAGS,
    target: { type: "string", default: "100" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  }, { most: 1, what: "RUN" });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const target = readNumber(flags.values.target as string, "--target", { low: 1, high: 1e8, whole: true });
  const { fits, summary } = await fitSource(flags, { at: [], level: 0.95, target });
  const found = nextLevel(fits, target, summary);
  console.log(flags.values.json ? JSON.stringify(found, null, 2) : found.reason);
  return 0;
}
