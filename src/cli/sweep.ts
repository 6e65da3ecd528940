import process from "node:process";
import { countArtifacts } from "../cluster/fetch_artifacts.ts";
import { dryFleet } from "../cluster/fleet.ts";
import { type FleetOptions, openFleet } from "../cluster/mod.ts";
import { describeLoad } from "../dataset/describe_load.ts";
import { attemptLength, attemptOrder, checkUrl, parseShare, type PlannedReplicate, slotOf } from "../plan/mod.ts";
import {
  checkOut,
  checkShare,
  type Fleet,
  pinFiles,
  sweep as runSweep,
  type SweepEnd,
  sweepLength,
  type SweepOptions,
} from "../run/mod.ts";
import { planHash } from "../run/make_provenance.ts";
import { accepts, resolveTarget } from "../run/target.ts";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { Share } from "../schema/run.ts";
import { type Flags, readFlags } from "./flags.ts";
import { HUB_FLAGS, hubText, readFleet } from "./hub_flags.ts";
import { PLAN_FLAGS, planFromFlags } from "./plan_flags.ts";
import { CLEAR_LINE, clock, terminalProgress } from "./terminal_progress.ts";

const HELP = `Runs concurrent sessions at several levels against a target and measures what they cost.

  plimsoll sweep [PLAN.json] --url URL [flags]

  --mode http|playwright|command   sessions issue requests, open the page in a browser, or are
                           those of a load generator that you have        (http)
  --command "CMD"          that load generator; {sessions}, {duration} [s], {seed} are replaced
  --url URL                what they load; loopback, unless --i-may-load-test names the host
  --levels 1,2,4,8         concurrent sessions; 1..64 doubles, 1..64x1.5 grows by that factor   (for this machine)
  --find-limit 'p95<500ms,errors<1%'   look for the highest level that keeps this, from the lowest of --levels
                           on, at most to the highest (1..100000); of p50, p95, p99, errors, undelivered
  --replicates N           independent repetitions of each level      (3)
  --duration 30s           steady window of each attempt              (30s)
  --warmup 5s              load before it, not counted                (5s)
  --pace 1s                between two iterations of a session        (1s, playwright 2s)
  --think exponential:1s   instead: between an iteration's end and the next start; constant, uniform,
                           exponential or lognormal, mean, and coefficient of variation: lognormal:1s:0.5
  --arrivals poisson       instead: iterations start at random moments whatever has ended, on average
                           as many a pace as the level has sessions (open model; http)
  --ramp 10s               sessions start spread over it, before the warm-up   (0s)
  --max-rows-per-s 20000   levels planned above it count requests in histograms, and keep some rows
  --timeout 10s            of a request or a browser step             (10s)
  --idle 5s                rest measured before and after             (5s)
  --cooldown 5s            longest wait before an attempt until the machine is quiet; 0 for none   (5s)
  --sample-interval 500ms  between two resource samples               (500ms)
  --scenario FILE          what a session does: steps in a .json file, or a module   (GETs the URL; moves, scrolls, types)
  --users FILE             CSV whose first line names its columns: session k is the user of row k (http)
  --ca FILE                PEM file of the authorities to trust over https                  (the machine's)
  --storage-state FILE     login that every browser session starts with, as Playwright saves it
  --isolation context|browser   one browser for all sessions, or one for each                (context)
  --screenshot-every 5s    of each browser session; 0 for none        (5s)
  --screenshot-format jpeg|png, --screenshot-quality 1-100            (jpeg, 70)
  --har, --trace           keep one of each browser session, without secrets and bodies
  --browser PATH           the Chromium to use                        (looked for)
  --target-port PORT       the target is what listens there           (the URL's port)
  --target-pid PID         the target is this process and its children
  --target-name NAME       the target is every process of this name, and their children
  --target-cgroup PATH     the target is this container or service, as /proc/PID/cgroup names it
  --target-command "CMD"   start the target anew for every attempt
  --target-prometheus URL  the target is what this page of metrics counts: a machine (node_exporter), a
                           container (cAdvisor) or the program itself; add --target-labels name=web
                           to choose one of several
  --size-groups a,b        what the machine to be bought carries      (target; playwright target,browser)
  --seed N                 order of levels, phases of sessions        (1)
  --agents N               processes that share the sessions of a level    (one; http: more when one uses 60 % of a core)
  --share K/N, --start-at TIME   drive a share of every level, as one of N machines: see below
  --hub rediss://HOST:PORT  workers drive the sessions: see below; flags of the hub as plimsoll worker --help
  --workers N              with --hub: wait for so many, up to 60 s, and for a new one in place of one that is lost   (1)
  --out DIR                the run's folder, new                      (data/runs/TIME-MODE)
  --i-may-load-test=HOST:PORT   consent to load a host that is not loopback; with a page of metrics
                           elsewhere both: HOST:PORT,HOST:PORT
  --dry-run                say what would be done, and do nothing
  --json                   print one JSON document and nothing else

  plimsoll sweep --url http://127.0.0.1:8080/ --levels 1,2,4,8,16 --duration 20s --out data/runs/first
  plimsoll sweep --mode playwright --url http://127.0.0.1:8080/ --levels 1,2,3,4 --dry-run
  plimsoll sweep --url http://127.0.0.1:8080/ --find-limit 'p95<500ms,errors<1%' --replicates 1 --duration 10s

A search doubles the level until one does not hold, then halves the bracket until its ends are neighbours or 5 % apart; what it
runs next follows from what it found, so the order of levels is not random. A level holds where the median of its replicates
does, of two the worse; errors stay below 5 % where nothing is said of them. Where the generator or the machine was the limit,
that says nothing about the target, and the answer says so. Exit code 0: the answer is known.

Ctrl-C, SIGTERM or a file STOP in the run's folder end it in order; plimsoll resume goes on. What crashes is tried three times.

In http mode a step is a request and a row. An iteration is all of them in order, or by "weight" one. {session}, {iteration},
{user.COLUMN} of --users and {env.NAME} of the environment are replaced; what the last two stand for is written nowhere.
Cookies are kept, redirects followed on the URL's origin. A whole PLAN.json, for the built-in Streamer:

  { "url": "http://127.0.0.1:8080/", "levels": [1, 2, 4], "duration_ms": 10000, "timeout_ms": 2000,
    "requests": [
      { "name": "frame", "method": "GET", "path": "/api/frame?viewer={session}", "weight": 9, "check": { "status": 200 } },
      { "name": "say", "method": "POST", "path": "/api/chat?viewer={session}", "weight": 1,
        "headers": { "authorization": "Bearer {env.TOKEN}" }, "body": "{user.name} says hello",
        "check": { "status": 201 } }],
    "http_scenario": {
      "users": "users.csv",
      "setup": [{ "name": "look in", "method": "GET", "path": "/", "check": { "contains": "<title>" } }],
      "teardown": [{ "name": "read", "method": "GET", "path": "/api/chat?viewer={session}", "check": { "json": { "missed": 0 } } }] } }

  deno run -A src/demo/main.ts --port 8080 &
  printf 'name\\nada\\nbob\\n' > users.csv
  TOKEN=secret plimsoll sweep plan.json

"requests" may also hold steps on a WebSocket or on server-sent events, which stay open from one to the next:

  [{ "name": "chat", "websocket": "/ws/chat?viewer=s{session}", "receive": 1,
     "send": "{\\"type\\": \\"chat\\", \\"text\\": \\"hello {iteration}\\"}" },
   { "name": "feed", "sse": "/api/events?viewer=s{session}", "hold_ms": 200 }]

Or a module does one iteration, and may export setup and teardown of a session; every request is a row:

  export default async ({ get, post, websocket, step, check, think, session, iteration }) => {
    const who = \`viewer=s\${session}\`;
    await step("say", () => post(\`/api/chat?\${who}\`, \`hello \${iteration}\`, { check: { status: 201 } }));
    await think(50);
    const { messages } = (await get(\`/api/chat?\${who}\`, { name: "read" })).json();
    check(Array.isArray(messages), "messages are a list");
    await websocket("live", \`/ws/chat?\${who}\`, { send: { type: "chat", text: "and live" }, receive: 1 });
  };

  plimsoll sweep --url http://127.0.0.1:8080/ --scenario viewer.ts

In playwright mode steps run in order, each a row; the first iteration opens the URL; "name" is free:

  [{ "goto": "/" }, { "click": "#like" }, { "fill": ["#chat-input", "hello {session} {iteration}"] },
   { "press": ["#chat-input", "Enter"], "name": "say" }, { "wait": 500 }, { "wait": "#chat-log li" },
   { "scroll": 400 }, { "screenshot": true }]

A module does one iteration, page opened and all; lines of \`npx playwright codegen URL\` work as they are, step() is free:

  export default async ({ page, context, session, iteration, step }) => {
    await page.goto("/");
    await step("say", () => page.getByRole("textbox").fill(\`hello from \${session}, \${iteration}\`));
  };

  plimsoll sweep --mode playwright --url http://127.0.0.1:8080/ --scenario chat.ts --storage-state login.json --har

Several machines drive one sweep without a hub: the same plan and time on each, another share. Attempts start on a grid of
time slots, so clocks have to agree (chrony, systemd-timesyncd); what a machine misses is labelled, and not tried again. The
machine that the target runs on samples it. TIME is ISO 8601, or HH:MM:SS of today. Then merge makes one run of them:

  plimsoll sweep PLAN.json --share 1/3 --start-at 14:30:00 --out share-1       on the first machine
  plimsoll sweep PLAN.json --share 2/3 --start-at 14:30:00 --out share-2       on the second, and so on
  plimsoll merge data/runs/whole share-1 share-2 share-3

Or a hub, a Redis that all reach, hands the shares out: they begin together whatever the clocks say, what a machine misses is
repeated, and the run is here, as that of one machine. The machine of the sweep samples the target, or reads its page of
metrics; workers hold what they can carry (--capacity). plimsoll worker --help says more.

  plimsoll worker --hub rediss://hub.example:6380 --capacity 2000              on each machine
  plimsoll sweep PLAN.json --hub rediss://hub.example:6380 --workers 3         beside the target
`;

/**
 * The command `plimsoll sweep`.
 *
 * @returns exit code: 0 complete, 1 partial, 3 ended by a guard, 130 interrupted.
 * @throws {InputError} Before any side effect, if the plan, the target or the folder is not right.
 */
export async function sweep(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    ...PLAN_FLAGS,
    out: { type: "string" },
    "i-may-load-test": { type: "string" },
    ...HUB_FLAGS,
    workers: { type: "string" },
    share: { type: "string" },
    "start-at": { type: "string" },
    "dry-run": { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  }, { most: 1, what: "PLAN.json" });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const plan = planFromFlags(flags);
  const shared = readShare(flags);
  const hub = readFleet(flags);
  const out = flags.values.out as string | undefined;
  const consent = flags.values["i-may-load-test"] as string | undefined;
  if (flags.values["dry-run"]) {
    checkUrl(plan.url, consent);
    if (plan.target_prometheus) checkUrl(plan.target_prometheus, consent, "--target-prometheus");
    if (out !== undefined) await checkOut(out);
    const { plan: pinned } = await pinFiles(plan);
    const dry = {
      ...dryRun(pinned, checkShare(plan, shared)),
      ...await whyUnreached(plan, consent),
      ...(hub ? { hub: await dryFleet(plan, hub) } : {}),
    };
    console.log(flags.values.json ? JSON.stringify(dry, null, 2) : dryRunText(plan, dry));
    return 0;
  }
  const end = await withFleet(hub, (fleet) => sweepInTerminal(plan, { out, consent, ...shared, fleet }));
  if (flags.values.json) console.log(JSON.stringify({ schema: "plimsoll.sweep/1", ...end }, null, 2));
  else console.log(endText(end, flags));
  return endCode(end);
}

/** Runs something with the workers of a hub, if there is one. */
export async function withFleet<Result>(
  hub: FleetOptions | undefined,
  run: (fleet?: Fleet) => Promise<Result>,
): Promise<Result> {
  if (!hub) return await run();
  // On a terminal there may be a line that changes.
  const clear = process.stderr.isTTY ? CLEAR_LINE : "";
  await using fleet = await openFleet({ ...hub, onNote: (text) => process.stderr.write(`${clear}  ${text}\n`) });
  return await run(fleet);
}

/** The exit code for how a sweep ended. */
export function endCode(end: SweepEnd): number {
  return { complete: 0, partial: 1, guarded: 3, stopped: 130 }[end.state];
}

/** Runs a sweep with progress on standard error. The first Ctrl-C drains the sessions, a second one ends at once. */
export function sweepInTerminal(
  plan: Plan,
  options: Pick<SweepOptions, "out" | "consent" | "share" | "start_at" | "fleet">,
): Promise<SweepEnd> {
  return inTerminal((own) => runSweep(plan, { ...options, ...own }));
}

/** As {@linkcode sweepInTerminal}, for whatever runs a sweep. */
export async function inTerminal(
  run: (options: Pick<SweepOptions, "signal" | "onProgress">) => Promise<SweepEnd>,
): Promise<SweepEnd> {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write("\nstopping: sessions drain; once more to end at once\n");
    controller.abort("interrupted");
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    return await run({ signal: controller.signal, onProgress: terminalProgress() });
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

/** The share that this machine drives, and when all begin. */
function readShare({ values, positionals }: Flags): Pick<SweepOptions, "share" | "start_at"> {
  const [share, start_at] = [values.share as string | undefined, values["start-at"] as string | undefined];
  if (share !== undefined && values.levels === undefined && positionals.length === 0) {
    throw new InputError(
      "--share",
      share,
      "--levels or a plan file too: the levels of no plan are those of each machine",
    );
  }
  return { ...(share === undefined ? {} : { share: parseShare(share, "--share") }), start_at };
}

function dryRun(plan: Plan, share?: ReturnType<typeof checkShare>) {
  const { screenshot_every_ms } = plan.browser_scenario;
  const attempts = attemptOrder(plan);
  const perSession = screenshot_every_ms > 0 ? attemptLength(plan).length_ms / screenshot_every_ms : 0;
  const shots = plan.mode === "playwright" ? attempts.reduce((sum, { level }) => sum + level * perSession, 0) : 0;
  // On average half of the sessions are there while they are ramped up.
  const length_ms = attemptLength(plan).length_ms - (plan.ramp_ms ?? 0) / 2;
  const requests = attempts.reduce((sum, { level }) => sum + level * length_ms / plan.pace_ms, 0) *
    (plan.requests.some(({ weight }) => weight !== undefined) ? 1 : Math.max(1, plan.requests.length));
  return {
    schema: "plimsoll.dry-run/1",
    plan,
    order: attempts,
    length_ms: sweepLength(plan, { share: share !== undefined }),
    ...(share ? { share: shareSlots(plan, share) } : {}),
    // A screenshot of a busy page is about 100 kB as JPEG and 1 MB as PNG, a row about 200 bytes.
    disk_bytes: Math.round(shots * (plan.browser_scenario.screenshot_format === "png" ? 1e6 : 1e5) + requests * 200),
  };
}

/** What has to be the same on every machine, and what this one drives. */
function shareSlots(plan: Plan, { k, of, start_at_ms }: Share & { start_at_ms: number }) {
  const { slot_ms } = slotOf(plan);
  return { k, of, start_at: new Date(start_at_ms).toISOString(), slot_ms, plan_sha256: planHash(plan) };
}

function shareText({ k, of, start_at, slot_ms, plan_sha256 }: ReturnType<typeof shareSlots>): string {
  return `share:  ${k} of ${of}, from ${start_at} on, an attempt every ${(slot_ms / 1000).toFixed(1)} s; ` +
    `plan ${plan_sha256.slice(0, 12)}, the same on every machine`;
}

/** Why a sweep could not begin now, if it could not: a plan may be older than its target. */
async function whyUnreached(plan: Plan, consent?: string): Promise<{ unreached?: string }> {
  if (plan.target_command) return {};
  const url = new URL(plan.url);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  try {
    for (const address of await resolveTarget(url, consent !== undefined)) if (await accepts(address, port)) return {};
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { unreached: error.message };
  }
  return { unreached: `nothing accepts connections on port ${port} of ${url.hostname}` };
}

type DryRun = ReturnType<typeof dryRun> & { unreached?: string; hub?: Awaited<ReturnType<typeof dryFleet>> };

function hubLines({ workers, levels }: NonNullable<DryRun["hub"]>): string[] {
  if (workers.length === 0) return ["hub:    no worker is there: the sweep would wait for them"];
  return [
    `hub:    ${workers.map(({ worker, capacity }) => `${worker} takes up to ${capacity}`).join(", ")}`,
    ...levels.map(({ level, sessions, missing }) =>
      `        ${level} sessions: ` +
      (missing ?? workers.map(({ worker }, index) => `${worker} ${sessions[index]}`).join(", "))
    ),
  ];
}

function dryRunText(plan: Plan, dry: DryRun): string {
  const about = plan.find_limit ? "at most about" : "about";
  return [
    `${plan.mode} sweep of ${plan.url}`,
    `load:   ${describeLoad(plan)}`,
    ...(dry.unreached ? [`now:    ${dry.unreached}: the sweep would not begin`] : []),
    `order:  ${orderText(plan, dry.order)}`,
    `length: ${about} ${clock(dry.length_ms)}`,
    ...(dry.share ? [shareText(dry.share)] : []),
    ...(dry.hub ? hubLines(dry.hub) : []),
    `disk:   ${about} ${Math.ceil(dry.disk_bytes / 1e6)} MB`,
  ].join("\n");
}

function orderText(plan: Plan, order: PlannedReplicate[]): string {
  const [first, last] = [plan.levels[0], plan.levels.at(-1)];
  if (!plan.find_limit) {
    const all = order.map(({ level, discarded }) => discarded ? `(${level})` : level).join(" ");
    return `${all}   (in parentheses: to warm up, not counted)`;
  }
  const most = (order.length - 1) / plan.replicates;
  const often = plan.replicates === 1 ? "once each" : `${plan.replicates} times each`;
  return `from ${first} doubled until one does not hold, at most to ${last}, then halved between: at most ${most} levels, ${often}`;
}

/**
 * How a sweep ended, for a person.
 *
 * @param flags of the command: what goes on with the run takes some of them.
 */
export function endText(end: SweepEnd, flags: Flags): string {
  const { complete, failing, planned } = end.attempts;
  const limit = end.limit ? `${end.limit.text}.\n` : "";
  const mind = failing > 0 ? ` In ${failing} of them most requests failed.` : "";
  const ended = end.state === "complete"
    ? complete < planned
      ? `${complete} of ${planned} attempts are complete: enough for the answer.`
      : `All ${planned} attempts are complete.`
    : `${complete} of ${planned} attempts are complete: ${end.reason}.`;
  if (end.share) {
    const { k, of } = end.share;
    return `${ended}${mind}\nRun:  ${end.path}   (share ${k} of ${of})\n` +
      `Next: deno task plimsoll merge OUT ${Array.from({ length: of }, (_, share) => `RUN-${share + 1}`).join(" ")}`;
  }
  const more = hubText(flags, ["workers", "i-may-load-test"]);
  const kept = flags.values.hub === undefined ? { files: 0, workers: [] } : countArtifacts(end.path);
  return [
    `${limit}${ended}${mind}`,
    `Run:  ${end.path}`,
    ...(end.state === "complete" ? [] : [`Go on: deno task plimsoll resume ${end.path}${more}`]),
    ...(kept.files === 0 ? [] : [
      `Artifacts: ${kept.files} files are with ${kept.workers.join(", ")}: ` +
      `deno task plimsoll fetch ${end.path}${hubText(flags)}`,
    ]),
    ...(complete === 0 ? [] : [`Next: deno task plimsoll report ${end.path}`]),
  ].join("\n");
}
