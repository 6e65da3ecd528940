import { join } from "node:path";
import type { PlanInput } from "../../src/plan/mod.ts";
import { makePlan } from "../../src/plan/mod.ts";
import { Child } from "../../src/run/child.ts";
import type { Nginx } from "./nginx.ts";
import type { Peers } from "./peers.ts";
import { at, Running, usage, writeFile } from "./processes.ts";
import { quantile } from "./rounds.ts";

/** Time for the last connections, and for what compiles while it runs [ms]. */
const SETTLE_MS = 2000;
/** How long a generator may take to connect all its sessions [ms]. */
const CONNECT_MS = 60_000;

/** What load is asked of a generator, and for how long it is watched. */
export interface Load {
  sessions: number;
  /** Sessions send one request in this time [ms]; as fast as they can where it is absent. */
  pace_ms?: number;
  window_ms: number;
  /** The only core that the generator may use. */
  core?: number;
}

/** What a generator did in the window, as the server and the kernel saw it. */
export interface Watched {
  /** [requests/s] */
  rate: number;
  cpu_us_a_request: number;
  memory_mib: number;
  /** From when it was started until all sessions were connected [ms]. */
  connected_ms: number;
  /** Paced: how far intervals between two requests of a session lie from the pace, 99 of 100 [ms]. */
  interval_error_p99_ms: number;
  /** As it reports them itself [ms]; NaN if it does not. */
  p50_ms: number;
  p99_ms: number;
}

/** What only our own rows tell. */
export interface OwnWatched extends Watched {
  start_late_p50_ms: number;
  start_late_p99_ms: number;
  /** Of the first second of all, connections included. */
  first_late_p99_ms: number;
  errors: number;
  /** Requests that the server saw in the window for each that was recorded. */
  served_per_row: number;
}

/** Watches a generator from when all its sessions have connected and settled. */
async function watch(pid: number, { sessions, pace_ms, window_ms }: Load, nginx: Nginx) {
  const begun_ms = performance.now();
  while ((await nginx.counters()).connections < sessions) {
    if (performance.now() - begun_ms > CONNECT_MS) throw new Error(`${sessions} sessions were not connected in time`);
    await at(performance.now() + 50);
  }
  const connected_ms = performance.now() - begun_ms;
  await at(performance.now() + SETTLE_MS);
  if (pace_ms) await nginx.clearLog();
  const from_ms = performance.now();
  const before = { ...usage(pid), ...await nginx.counters() };
  await at(from_ms + window_ms);
  const to_ms = performance.now();
  const after = { ...usage(pid), ...await nginx.counters() };
  const requests = after.requests - before.requests;
  // The log is written every half a second.
  if (pace_ms) await at(performance.now() + 700);
  return {
    from_ms,
    to_ms,
    requests,
    rate: requests / ((to_ms - from_ms) / 1000),
    cpu_us_a_request: 1000 * (after.cpu_ms - before.cpu_ms) / requests,
    memory_mib: after.pss_bytes / 2 ** 20,
    connected_ms,
    interval_error_p99_ms: pace_ms ? await intervalError(nginx, pace_ms) : NaN,
  };
}

async function intervalError(nginx: Nginx, pace_ms: number): Promise<number> {
  const last = new Map<number, number>();
  const errors: number[] = [];
  for (const { connection, t_ms } of await nginx.served()) {
    const before_ms = last.get(connection);
    if (before_ms !== undefined) errors.push(Math.abs(t_ms - before_ms - pace_ms));
    last.set(connection, t_ms);
  }
  return quantile(errors, 0.99);
}

/** Our own agent, as a sweep would start it; all rows are recorded. */
export async function plimsoll(load: Load, nginx: Nginx): Promise<OwnWatched> {
  const work = await Deno.makeTempDir({ dir: nginx.folder });
  const child = new Child(new URL("../../src/run/http_agent.ts", import.meta.url), {
    name: "http agent",
    permissions: [`--allow-net=127.0.0.1:${nginx.port}`, `--allow-read=${work}`, `--allow-write=${work}`],
  });
  try {
    const file = join(work, "requests.jsonl");
    const path = load.pace_ms ? "/logged" : "/";
    const plan: PlanInput = {
      url: nginx.url(),
      levels: [load.sessions],
      warmup_ms: 0,
      // Iterations of many requests, whose slots have always passed: as fast as it goes.
      pace_ms: load.pace_ms ?? 1,
      requests: Array.from({ length: load.pace_ms ? 1 : 100 }, () => ({ name: "get", method: "GET" as const, path })),
    };
    child.tell({
      type: "job",
      job: {
        plan: makePlan(plan),
        level: load.sessions,
        replicate: 1,
        attempt: 1,
        sessions: Array.from({ length: load.sessions }, (_, session) => session),
        address: "127.0.0.1",
        run: work,
        artifacts: join(work, "artifacts"),
      },
      requests: file,
      events: join(work, "events.jsonl"),
    });
    await child.ready;
    if (load.core !== undefined) await pin(child.pid, load.core);
    const zero_ms = performance.now() + 50;
    child.tell({ type: "start", zero_ms: zero_ms + await child.clockOffset() });
    const watched = await watch(child.pid, load, nginx);
    child.tell({ type: "stop" });
    await child.done;
    const rows = await readRows(file);
    const window = { from_ms: watched.from_ms - zero_ms, to_ms: watched.to_ms - zero_ms };
    return { ...watched, ...describe(rows, window), served_per_row: watched.requests / rowsIn(rows, window).length };
  } finally {
    await child.end();
    await Deno.remove(work, { recursive: true });
  }
}

interface Row {
  scheduled_ms: number;
  started_ms: number;
  duration_ms: number;
  outcome: string;
}

async function readRows(file: string): Promise<Row[]> {
  return (await Deno.readTextFile(file)).split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

function rowsIn(rows: Row[], { from_ms, to_ms }: { from_ms: number; to_ms: number }): Row[] {
  return rows.filter(({ started_ms, duration_ms }) =>
    started_ms + duration_ms >= from_ms && started_ms + duration_ms < to_ms
  );
}

function describe(all: Row[], window: { from_ms: number; to_ms: number }) {
  const rows = rowsIn(all, window);
  const late = (some: Row[]) => some.map(({ started_ms, scheduled_ms }) => started_ms - scheduled_ms);
  const first = late(all.filter(({ scheduled_ms }) => scheduled_ms < 1000));
  const duration = rows.map(({ duration_ms }) => duration_ms);
  return {
    p50_ms: quantile(duration, 0.5),
    p99_ms: quantile(duration, 0.99),
    start_late_p50_ms: quantile(late(rows), 0.5),
    start_late_p99_ms: quantile(late(rows), 0.99),
    first_late_p99_ms: quantile(first, 0.99),
    errors: all.filter(({ outcome }) => outcome !== "ok" && outcome !== "aborted").length,
  };
}

async function pin(pid: number, core: number): Promise<void> {
  await new Deno.Command("taskset", { args: ["-a", "-p", "-c", `${core}`, `${pid}`], stdout: "null" }).output();
}

/** How others are told to make a load, and what they print of it at the end. */
interface Recipe {
  command(load: Load, url: string, folder: string): Promise<string[]>;
  /** Only of a load as fast as it goes. */
  latency?(printed: string): { p50_ms: number; p99_ms: number };
  paced: boolean;
  /** Whether it ends by itself. @default false */
  ends?: boolean;
}

/** Longer than any window: they are told to stop. */
const LONG_S = 600;

const RECIPES: Record<string, Recipe> = {
  wrk: {
    paced: false,
    command: ({ sessions }, url) =>
      Promise.resolve(["-t1", `-c${sessions}`, `-d${LONG_S}s`, "--latency", "--timeout", "60s", url]),
    latency(printed) {
      const ms = (percent: number) => {
        const [, value, unit] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(printed)!;
        return Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit]!;
      };
      return { p50_ms: ms(50), p99_ms: ms(99) };
    },
  },
  autocannon: {
    paced: false,
    // It prints nothing when it is stopped: it ends by itself, soon after the window.
    ends: true,
    command: ({ sessions, window_ms }, url) => {
      const length_s = Math.ceil((SETTLE_MS + window_ms) / 1000) + 4;
      return Promise.resolve(["-c", `${sessions}`, "-d", `${length_s}`, "-t", "60", "-j", url]);
    },
    latency(printed) {
      const { latency } = JSON.parse(printed);
      return { p50_ms: latency.p50, p99_ms: latency.p99 };
    },
  },
  k6: {
    paced: true,
    async command({ sessions, pace_ms }, url, folder) {
      const script = await writeFile(
        folder,
        "k6.js",
        `import http from "k6/http";
        import { sleep } from "k6";
        export default function () {
          const begun = Date.now();
          http.get("${url}");
          ${pace_ms ? `sleep(Math.max(0, ${pace_ms} - (Date.now() - begun)) / 1000);` : ""}
        }`,
      );
      const trends = ["--summary-trend-stats", "med,p(99)"];
      return ["run", "--quiet", "--vus", `${sessions}`, "--duration", `${LONG_S}s`, ...trends, script];
    },
    latency(printed) {
      const [, p50, p50Unit, p99, p99Unit] =
        /http_req_duration[^:]*:.*?med=([\d.]+)(µs|ms|s).*?p\(99\)=([\d.]+)(µs|ms|s)/
          .exec(printed)!;
      const ms = (value: string, unit: string) => Number(value) * { µs: 0.001, ms: 1, s: 1000 }[unit]!;
      return { p50_ms: ms(p50, p50Unit), p99_ms: ms(p99, p99Unit) };
    },
  },
  locust: {
    paced: true,
    async command({ sessions, pace_ms }, url, folder) {
      const { origin, pathname } = new URL(url);
      const script = await writeFile(
        folder,
        "locustfile.py",
        [
          "from locust import FastHttpUser, task, constant, constant_pacing",
          "class Session(FastHttpUser):",
          `    wait_time = ${pace_ms ? `constant_pacing(${pace_ms / 1000})` : "constant(0)"}`,
          "    @task",
          "    def get(self):",
          `        self.client.get("${pathname}")`,
        ].join("\n"),
      );
      const users = ["--users", `${sessions}`, "--spawn-rate", `${Math.max(50, sessions / 2)}`];
      return ["-f", script, "--headless", "--json", "--host", origin, ...users, "--run-time", `${LONG_S}s`];
    },
    latency(printed) {
      const [{ response_times }] = JSON.parse(printed.slice(printed.indexOf("[")));
      const counts = Object.entries<number>(response_times).map(([ms, count]) => [Number(ms), count])
        .sort(([a], [b]) => a - b);
      const total = counts.reduce((sum, [, count]) => sum + count, 0);
      const rank = (q: number) => {
        let seen = 0;
        return counts.find(([, count]) => (seen += count) >= q * total)![0];
      };
      return { p50_ms: rank(0.5), p99_ms: rank(0.99) };
    },
  },
  artillery: {
    paced: true,
    async command({ sessions, pace_ms }, url, folder) {
      const { origin, pathname } = new URL(url);
      const get = { get: { url: pathname } };
      const script = {
        config: {
          target: origin,
          phases: [{ duration: Math.max(1, Math.ceil(sessions / 500)), arrivalCount: sessions }],
        },
        scenarios: [{
          flow: [{ loop: pace_ms ? [get, { think: pace_ms / 1000 }] : [get], count: 1_000_000_000 }],
        }],
      };
      return ["run", "--quiet", await writeFile(folder, "artillery.json", JSON.stringify(script))];
    },
  },
};

/** A generator of others under the same load; nothing if it is not installed, or has no pace. */
export async function peer(
  name: string,
  load: Load,
  { nginx, peers }: { nginx: Nginx; peers: Peers },
): Promise<(() => Promise<Watched>) | undefined> {
  const recipe = RECIPES[name];
  if (load.pace_ms && !recipe.paced) return undefined;
  const program = await peers.command(name);
  if (!program) return undefined;
  return async () => {
    const args = await recipe.command(load, nginx.url(load.pace_ms ? "/logged" : "/"), nginx.folder);
    await using running = new Running([...program, ...args], { core: load.core, cwd: nginx.folder });
    const watched = await Promise.race([
      watch(running.pid, load, nginx),
      running.ended.then((text) => Promise.reject(new Error(`it ended early: ${text}`))),
    ]);
    const unknown = { p50_ms: NaN, p99_ms: NaN };
    if (load.pace_ms || !recipe.latency) return { ...watched, ...unknown };
    return { ...watched, ...recipe.latency(await (recipe.ends ? running.printed : running.stop())) };
  };
}
