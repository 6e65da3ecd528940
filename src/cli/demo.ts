import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { VIEWER_REQUESTS } from "../demo/viewer_requests.ts";
import { makePlan, type PlanInput } from "../plan/mod.ts";
import { checkBrowser } from "../browser/mod.ts";
import { load } from "../dataset/mod.ts";
import { makeReport, writeReport } from "../report/mod.ts";
import { sweepLength } from "../run/mod.ts";
import { readFlags } from "./flags.ts";
import { filesText } from "./report.ts";
import { resultText } from "./result_text.ts";
import { endCode, sweepInTerminal } from "./sweep.ts";

const HELP =
  `Shows the main job on a small live-stream and chat server that comes along, the Streamer: sweeps it by HTTP and with
real browsers, fits, sizes, writes both reports. Takes about five minutes.

  plimsoll demo [--out DIR] [--browser PATH]

  --out DIR        where the two runs go   (data/runs/TIME-demo)
  --browser PATH   the Chromium to use     (looked for)

  plimsoll demo --out data/runs/demo
`;

/**
 * The command `plimsoll demo`.
 *
 * @returns exit code.
 * @throws {InputError} If a flag is not right.
 */
export async function demo(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    out: { type: "string" },
    browser: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
  const out = flags.values.out as string ?? join("data", "runs", `${time}-demo`);
  const browser = flags.values.browser as string | undefined;
  await checkBrowser({ path: browser });
  const plans = await demoPlans(browser);
  const total_ms = plans.reduce((sum, plan) => sum + sweepLength(plan), 0);
  console.error(`Two sweeps of the Streamer, about ${Math.round(total_ms / 60_000)} minutes in all.\n`);
  const reports: string[] = [];
  for (const plan of plans) {
    const run = join(out, plan.mode);
    console.error(`${plan.mode === "http" ? "Sessions over HTTP" : "Sessions in browsers"}: ${plan.levels.join(", ")}`);
    const end = await sweepInTerminal(plan, { out: run });
    if (end.state !== "complete") {
      console.error(`The sweep is not complete: ${end.reason}.`);
      return endCode(end);
    }
    const document = makeReport(await load(run));
    const files = await writeReport(document, join(run, "report"));
    const line = "═".repeat(document.title.length);
    console.log(`\n${document.title}\n${line}\n\n${resultText(document)}\n\n${filesText(files)}\n`);
    reports.push(files.html);
  }
  console.log(`Open in a browser: ${reports.join("\n                   ")}`);
  return 0;
}

/** Short sweeps of the Streamer in both modes. It is started anew for every attempt. */
async function demoPlans(browser?: string) {
  const port = await freePort();
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const streamer = (cpu_ms: number) => [
    Deno.execPath(),
    "run",
    "-A",
    `--config=${path("../../deno.json")}`,
    path("../demo/main.ts"),
    `--port=${port}`,
    `--cpu-ms=${cpu_ms}`,
  ];
  const shared: PlanInput = { url: `http://127.0.0.1:${port}/`, replicates: 2, idle_ms: 3000 };
  return [
    makePlan({
      ...shared,
      mode: "http",
      levels: [1, 2, 4, 8, 16, 32],
      warmup_ms: 2000,
      duration_ms: 6000,
      requests: VIEWER_REQUESTS,
      target_command: streamer(3),
    }),
    makePlan({
      ...shared,
      mode: "playwright",
      levels: [1, 2, 3, 4],
      warmup_ms: 4000,
      duration_ms: 8000,
      browser_scenario: { screenshot_every_ms: 4000 },
      target_command: streamer(1),
      ...(browser === undefined ? {} : { browser }),
    }),
  ];
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
