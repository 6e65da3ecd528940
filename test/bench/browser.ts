import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { findBrowser } from "../../src/browser/mod.ts";
import { textTable } from "../../src/cli/text_table.ts";
import { makePlan } from "../../src/plan/mod.ts";
import { Child } from "../../src/run/child.ts";
import { tempFolder } from "../temp_folder.ts";
import { Nginx } from "./nginx.ts";
import { Peers } from "./peers.ts";
import { at, Running, usage, writeFile } from "./processes.ts";
import { type BenchOptions, goalsTable, Rounds, significant } from "./rounds.ts";

const PACE_MS = 1000;
const OURS = "plimsoll";
const ARTILLERY = "artillery, Playwright engine";
/** How long all sessions may take to show their page [ms]. */
const READY_MS = 60_000;
/** After that, until it is measured [ms]. */
const SETTLE_MS = 2000;

/** What a generator cost, without its browser. */
interface Browsed {
  pss_mib: number;
  cores: number;
  /** From its start until every session has shown its page [s]. */
  ready_s: number;
  /** Clicks that the server saw [1/s]. */
  rate: number;
  /** The browser's own, that no generator can help. */
  browser_cores: number;
}

interface Setting {
  nginx: Nginx;
  /** Executable of the Chromium that all of them drive. */
  browser: string;
  sessions: number;
  window_ms: number;
}

/** What browser sessions cost the program that drives them: the same Chromium, page, steps and pace for all. */
export async function bench({ quick }: BenchOptions): Promise<void> {
  await using folder = await tempFolder();
  await using nginx = await Nginx.start(folder.path);
  const peers = new Peers();
  const { path: browser, libraryPath } = await findBrowser();
  const setting = { nginx, browser, sessions: quick ? 2 : 8, window_ms: quick ? 1500 : 10_000 };
  const env: Record<string, string> = libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {};
  const [node, artillery] = [await peers.command("node"), await peers.command("artillery")];
  const runners = {
    [OURS]: () => plimsoll(setting),
    [ARTILLERY]: artillery && (() => playwrightEngine(artillery, env, setting)),
    "plain Playwright in Node": node && (() => plainPlaywright(node, env, setting)),
  };
  const count = quick ? 1 : 3;
  const rounds = await Rounds.run(runners, { rounds: count, ours: OURS });

  console.log(
    `${setting.sessions} sessions in one browser, a click and a text a second each, ${setting.window_ms / 1000} s, ` +
      `medians of ${count} rounds; the browser's own cost is left out of what a generator costs\n`,
  );
  console.log(
    textTable(
      [
        "generator",
        "PSS MiB",
        "ours / its",
        "cores",
        "ours / its",
        "ready s",
        "ours / its",
        "clicks/s",
        "browser's cores",
      ],
      rounds.names.map((name) => [
        name,
        rounds.median(name, ({ pss_mib }) => pss_mib).toFixed(0),
        rounds.ratio(OURS, name, ({ pss_mib }) => pss_mib).toFixed(2),
        rounds.median(name, ({ cores }) => cores).toFixed(3),
        rounds.ratio(OURS, name, ({ cores }) => cores).toFixed(2),
        rounds.median(name, ({ ready_s }) => ready_s).toFixed(2),
        rounds.ratio(OURS, name, ({ ready_s }) => ready_s).toFixed(2),
        significant(rounds.median(name, ({ rate }) => rate)),
        rounds.median(name, ({ browser_cores }) => browser_cores).toFixed(3),
      ]),
      [1, 2, 3, 4, 5, 6, 7, 8],
    ) + "\n",
  );
  const against = (value: (browsed: Browsed) => number) => rounds.ratio(OURS, ARTILLERY, value);
  console.log(
    goalsTable([
      { what: "generator PSS / artillery's", measured: against(({ pss_mib }) => pss_mib), sense: "<=", wanted: 0.5 },
      { what: "generator cores / artillery's", measured: against(({ cores }) => cores), sense: "<=", wanted: 0.9 },
      { what: "time to ready / artillery's", measured: against(({ ready_s }) => ready_s), sense: "<=", wanted: 0.5 },
    ]) + "\n",
  );
}

async function watch(
  pid: number,
  begun_ms: number,
  { nginx, browser, sessions, window_ms }: Setting,
): Promise<Browsed> {
  const shown = async () => (await nginx.served()).filter(({ path }) => path === "/shown").length;
  while (await shown() < sessions) {
    if (performance.now() - begun_ms > READY_MS) throw new Error(`${await shown()} of ${sessions} pages were shown`);
    await at(performance.now() + 20);
  }
  const ready_s = (performance.now() - begun_ms) / 1000;
  await at(performance.now() + SETTLE_MS);
  await nginx.clearLog();
  const from_ms = performance.now();
  const read = () => ({ own: usage(pid, { without: browser }), all: usage(pid) });
  const before = read();
  await at(from_ms + window_ms);
  const after = read();
  const length_ms = performance.now() - from_ms;
  const cores = (after.own.cpu_ms - before.own.cpu_ms) / length_ms;
  return {
    pss_mib: after.own.pss_bytes / 2 ** 20,
    cores,
    ready_s,
    rate: (await nginx.served()).length / (length_ms / 1000),
    browser_cores: (after.all.cpu_ms - before.all.cpu_ms) / length_ms - cores,
  };
}

async function plimsoll(setting: Setting): Promise<Browsed> {
  const { nginx, browser, sessions } = setting;
  await nginx.clearLog();
  const work = await Deno.makeTempDir({ dir: nginx.folder });
  const begun_ms = performance.now();
  const child = new Child(new URL("../../src/run/browser_agent.ts", import.meta.url), {
    name: "browser agent",
    permissions: ["--allow-all"],
  });
  try {
    child.tell({
      type: "job",
      job: {
        plan: makePlan({
          url: nginx.url("/page"),
          mode: "playwright",
          levels: [sessions],
          pace_ms: PACE_MS,
          warmup_ms: 0,
          browser,
          browser_scenario: {
            screenshot_every_ms: 0,
            steps: [{ click: "#go" }, { fill: ["#text", "session {session}, iteration {iteration}"] }],
          },
        }),
        level: sessions,
        replicate: 1,
        attempt: 1,
        sessions: Array.from({ length: sessions }, (_, session) => session),
        address: "127.0.0.1",
        run: work,
        artifacts: join(work, "artifacts"),
      },
      requests: join(work, "requests.jsonl"),
      events: join(work, "events.jsonl"),
    });
    await child.ready;
    child.tell({ type: "start", zero_ms: performance.now() + await child.clockOffset() });
    const browsed = await watch(child.pid, begun_ms, setting);
    child.tell({ type: "stop" });
    await child.done;
    return browsed;
  } finally {
    await child.end();
    await Deno.remove(work, { recursive: true });
  }
}

/** What a session of the others does; `step` does one thing, and measures it where they can. */
const SESSION = `async (page, session, step) => {
  await page.goto(URL);
  for (let iteration = 1;; iteration++) {
    const next = Date.now() + ${PACE_MS};
    await step("click", () => page.click("#go"));
    await step("fill", () => page.fill("#text", "session " + session + ", iteration " + iteration));
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())));
  }
}`;

async function playwrightEngine(program: string[], env: Record<string, string>, setting: Setting): Promise<Browsed> {
  const { nginx, browser, sessions } = setting;
  await nginx.clearLog();
  await writeFile(
    nginx.folder,
    "sessions.cjs",
    `const URL = ${JSON.stringify(nginx.url("/page"))};
    const session = ${SESSION};
    let count = 0;
    module.exports = { visit: (page, context, events, test) => session(page, count++, test.step) };`,
  );
  const script = {
    config: {
      target: nginx.url(),
      phases: [{ duration: 1, arrivalCount: sessions }],
      processor: "./sessions.cjs",
      engines: { playwright: { launchOptions: { executablePath: browser } } },
    },
    scenarios: [{ engine: "playwright", testFunction: "visit" }],
  };
  const file = await writeFile(nginx.folder, "browsers.json", JSON.stringify(script));
  return await watchRunning([...program, "run", "--quiet", file], env, setting);
}

async function plainPlaywright(program: string[], env: Record<string, string>, setting: Setting): Promise<Browsed> {
  const { nginx, browser, sessions } = setting;
  await nginx.clearLog();
  const playwright = fileURLToPath(new URL("../../node_modules/playwright/index.js", import.meta.url));
  const file = await writeFile(
    nginx.folder,
    "plain.cjs",
    `const { chromium } = require(${JSON.stringify(playwright)});
    const URL = ${JSON.stringify(nginx.url("/page"))};
    const session = ${SESSION};
    (async () => {
      const browser = await chromium.launch({ executablePath: ${JSON.stringify(browser)} });
      for (let n = 0; n < ${sessions}; n++) {
        session(await (await browser.newContext()).newPage(), n, (name, act) => act());
      }
    })();`,
  );
  return await watchRunning([...program, file], env, setting);
}

async function watchRunning(command: string[], env: Record<string, string>, setting: Setting): Promise<Browsed> {
  const begun_ms = performance.now();
  await using running = new Running(command, { cwd: setting.nginx.folder, env });
  return await Promise.race([
    watch(running.pid, begun_ms, setting),
    running.ended.then((text) => Promise.reject(new Error(`it ended early: ${text}`))),
  ]);
}
