import { type Dataset, load, summarise } from "../dataset/mod.ts";
import { InputError } from "../schema/input_error.ts";
import type { RunSummary } from "../schema/levels.ts";
import type { ScreenshotMeasured } from "../schema/sizing.ts";
import { measuredScreenshot } from "../size/mod.ts";
import { readFlags } from "./flags.ts";
import { assumptionsFromFlags, reportOf, SIZE_FLAGS, SIZE_HELP } from "./size_flags.ts";
import { sizeText } from "./size_text.ts";
import { runFrom } from "./table_flags.ts";

const HELP = `Says what machines a number of sessions needs, from what a run measured.

  plimsoll size RUN [flags]

${SIZE_HELP}

  --screenshots RUN,…      other runs of the same page, whose screenshots had another format or quality, for the what-if
  --json                   print one JSON document and nothing else

  plimsoll size data/sample/streamer_http --target 100,250 --safety 1.5
  plimsoll size data/sample/streamer_http --target 250 --slo 'p95<500ms,errors<5%' --shapes aws,gcp
  plimsoll size data/sample/streamer_browser --target 30 --topology shared --shape m7i.xlarge
  plimsoll size data/sample/streamer_browser --target 200 --screenshot-every 30s --retention-count 100
`;

/**
 * The command `plimsoll size`.
 *
 * @returns exit code.
 * @throws {InputError} If there is no run, or a flag is not right.
 */
export async function size(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    ...SIZE_FLAGS,
    screenshots: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  }, { most: 1, what: "RUN" });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const assumptions = assumptionsFromFlags(flags);
  const dataset = await load(runFrom(flags.positionals));
  if (flags.values.screenshots !== undefined) {
    assumptions.screenshots = await readScreenshots(flags.values.screenshots as string, dataset);
  }
  const document = reportOf(dataset, assumptions);
  console.log(flags.values.json ? JSON.stringify(document.sizing, null, 2) : sizeText(document));
  return 0;
}

async function readScreenshots(text: string, own: Dataset): Promise<ScreenshotMeasured[]> {
  const { url } = summarise(own);
  return await Promise.all(
    text.split(",").map(async (path) => {
      const summary: RunSummary = summarise(await load(path.trim()));
      const found = measuredScreenshot(summary);
      const wanted = "a run in browsers that took screenshots";
      if (!found) throw new InputError("--screenshots", path, wanted);
      if (summary.url !== url) {
        throw new InputError("--screenshots", path, `${wanted} of ${url}: this one is of ${summary.url}`);
      }
      return found;
    }),
  );
}
