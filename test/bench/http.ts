import { join } from "node:path";
import { median } from "simple-statistics";
import { Child } from "../../src/run/child.ts";
import { makePlan } from "../../src/plan/mod.ts";
import { textTable } from "../../src/cli/text_table.ts";
import { tempFolder } from "../temp_folder.ts";

const SERVER_CORE = 0;
const GENERATOR_CORE = 1;
const ROUNDS = 3;
const FLOOD_MS = 5000;
const PACED_MS = 10_000;
/** Ten thousand sessions take some seconds to connect. */
const WARMUP_MS = 5000;
const AUTOCANNON = "autocannon@8.0.0";
const BODY = "x".repeat(1024);

/** What one generator did in one round. */
interface Flood {
  per_s: number;
  p50_ms: number;
  p99_ms: number;
  /** CPU time a request: what else the machine does shows in it least. */
  cpu_us: number;
}

/**
 * Requests a second of one generator core against nginx on the other, all rows recorded; and what paced sessions cost.
 *
 * Every generator runs in every round, one after the other.
 */
export async function bench(): Promise<void> {
  await using folder = await tempFolder();
  if (!await runs("nginx", "-v")) {
    throw new Error("Cannot run this benchmark as nginx must be installed: apt-get install nginx-light");
  }
  await using target = await nginx(folder.path);
  const peers: [name: string, flood: (connections: number) => Promise<Flood>][] = [
    ["plimsoll", (connections) => plimsoll(folder.path, target.url, connections)],
  ];
  const left: string[] = [];
  if (await runs("wrk", "-v")) peers.push(["wrk", (connections) => wrk(target.url, connections)]);
  else left.push("wrk");
  const autocannonMain = await installAutocannon(folder.path);
  if (autocannonMain) peers.push(["autocannon", (connections) => autocannon(autocannonMain, target.url, connections)]);
  else left.push("autocannon");
  if (left.length > 0) console.log(`Left out, as not installed: ${left.join(", ")}\n`);

  for (const connections of [50, 1000]) {
    const results = new Map(peers.map(([name]) => [name, [] as Flood[]]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, flood] of peers) results.get(name)!.push(await flood(connections));
    }
    const of = (name: string, key: keyof Flood) => median(results.get(name)!.map((flood) => flood[key]));
    const ours = of("plimsoll", "per_s");
    console.log(`One generator core, ${connections} connections, ${FLOOD_MS / 1000} s, medians of ${ROUNDS}\n`);
    console.log(
      textTable(
        ["generator", "requests/s", "ours / its", "CPU µs / request", "its / ours", "p50 ms", "p99 ms", "p99 / p50"],
        peers.map(([name]) => [
          name === "plimsoll" ? "plimsoll, all rows recorded" : name,
          Math.round(of(name, "per_s")).toLocaleString("en"),
          (ours / of(name, "per_s")).toFixed(2),
          of(name, "cpu_us").toFixed(1),
          (of(name, "cpu_us") / of("plimsoll", "cpu_us")).toFixed(2),
          of(name, "p50_ms").toFixed(2),
          of(name, "p99_ms").toFixed(2),
          (of(name, "p99_ms") / of(name, "p50_ms")).toFixed(1),
        ]),
        [1, 2, 3, 4, 5, 6, 7],
      ),
      "\n",
    );
  }

  const rows: string[][] = [];
  for (const sessions of [1000, 10_000]) {
    const rounds: Awaited<ReturnType<typeof paced>>[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await paced(folder.path, target.url, sessions));
    const of = (key: keyof typeof rounds[number]) => median(rounds.map((one) => one[key]));
    rows.push([
      sessions.toLocaleString("en"),
      of("cpu_ms").toFixed(1),
      of("late_p50_ms").toFixed(2),
      of("late_p99_ms").toFixed(2),
      of("errors").toFixed(0),
      (of("session_bytes") / 2 ** 20).toFixed(3),
    ]);
  }
  console.log(`Paced, one request a second and session, ${PACED_MS / 1000} s, medians of ${ROUNDS}\n`);
  console.log(textTable(
    ["sessions", "CPU ms / 1000 requests", "start late p50 ms", "p99 ms", "errors", "MiB RSS / session"],
    rows,
    [0, 1, 2, 3, 4, 5],
  ));
}

async function runs(command: string, ...args: string[]): Promise<boolean> {
  try {
    await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output();
    return true;
  } catch {
    return false;
  }
}

async function onCore(core: number, command: string[]): Promise<string> {
  const { stdout } = await new Deno.Command("taskset", { args: ["-c", `${core}`, ...command], stderr: "null" })
    .output();
  return new TextDecoder().decode(stdout);
}

async function nginx(folder: string): Promise<{ url: string } & AsyncDisposable> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const config = join(folder, "nginx.conf");
  await Deno.writeTextFile(
    config,
    `daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid ${folder}/nginx.pid; error_log /dev/null;
    events { worker_connections 15000; }
    http {
      access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
      ${
      ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(
        " ",
      )
    }
      server { listen 127.0.0.1:${port} backlog=8192; location / { return 200 "${BODY}"; } }
    }`,
  );
  const server = new Deno.Command("taskset", {
    args: ["-c", `${SERVER_CORE}`, "nginx", "-c", config, "-p", folder, "-e", "/dev/null"],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const url = `http://127.0.0.1:${port}/`;
  for (let n = 0; n < 50; n++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.kill("SIGTERM");
      await server.status;
    },
  };
}

async function wrk(url: string, connections: number): Promise<Flood> {
  const before_ms = await childrenCpu_ms();
  const text = await onCore(GENERATOR_CORE, [
    "wrk",
    "-t1",
    `-c${connections}`,
    `-d${FLOOD_MS / 1000}s`,
    "--latency",
    url,
  ]);
  const ms = (percent: number) => {
    const [, value, unit] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(text)!;
    return Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit]!;
  };
  const requests = Number(/(\d+) requests in/.exec(text)![1]);
  return {
    per_s: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)![1]),
    p50_ms: ms(50),
    p99_ms: ms(99),
    cpu_us: 1000 * (await childrenCpu_ms() - before_ms) / requests,
  };
}

/** The entry point of autocannon, or nothing if npm cannot give it. */
async function installAutocannon(folder: string): Promise<string | undefined> {
  if (!await runs("npm", "--version")) return undefined;
  const { success } = await new Deno.Command("npm", {
    args: ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, AUTOCANNON],
    stdout: "null",
    stderr: "null",
  }).output();
  return success ? join(folder, "node_modules/autocannon/autocannon.js") : undefined;
}

async function autocannon(main: string, url: string, connections: number): Promise<Flood> {
  const args = ["node", main, "-c", `${connections}`, "-d", `${FLOOD_MS / 1000}`, "-j", url];
  const before_ms = await childrenCpu_ms();
  const { requests, latency } = JSON.parse(await onCore(GENERATOR_CORE, args));
  return {
    per_s: requests.average,
    p50_ms: latency.p50,
    p99_ms: latency.p99,
    cpu_us: 1000 * (await childrenCpu_ms() - before_ms) / requests.total,
  };
}

interface Row {
  scheduled_ms: number;
  started_ms: number;
  duration_ms: number;
  outcome: string;
}

/** Runs the real agent for a while, pinned to its core, and reads what it recorded in the window. */
async function agent(
  folder: string,
  options: { url: string; sessions: number; pace_ms: number; length_ms: number; requests: number },
) {
  const { url, sessions, pace_ms, length_ms } = options;
  const work = await Deno.makeTempDir({ dir: folder });
  const child = new Child(new URL("../../src/run/http_agent.ts", import.meta.url), {
    name: "http agent",
    permissions: [`--allow-net=${new URL(url).host}`, `--allow-read=${work}`, `--allow-write=${work}`],
  });
  try {
    const requests = join(work, "requests.jsonl");
    child.tell({
      type: "job",
      job: {
        plan: makePlan({
          url,
          levels: [sessions],
          pace_ms,
          warmup_ms: WARMUP_MS,
          requests: Array.from(
            { length: options.requests },
            () => ({ name: "get", method: "GET" as const, path: "/" }),
          ),
        }),
        level: sessions,
        replicate: 1,
        attempt: 1,
        sessions: Array.from({ length: sessions }, (_, session) => session),
        address: "127.0.0.1",
        run: work,
        artifacts: join(work, "artifacts"),
      },
      requests,
      events: join(work, "events.jsonl"),
    });
    await child.ready;
    const idle = await usage(child.pid);
    await onCore(GENERATOR_CORE, ["taskset", "-a", "-p", "-c", `${GENERATOR_CORE}`, `${child.pid}`]);
    const zero_ms = performance.now() + 50;
    child.tell({ type: "start", zero_ms: zero_ms + await child.clockOffset() });
    const at = (t_ms: number) => new Promise((resolve) => setTimeout(resolve, zero_ms + t_ms - performance.now()));
    await at(WARMUP_MS);
    const before = await usage(child.pid);
    await at(WARMUP_MS + length_ms);
    const after = await usage(child.pid);
    child.tell({ type: "stop" });
    await child.done;
    const rows: Row[] = [];
    for (const line of (await Deno.readTextFile(requests)).split("\n")) {
      if (line === "") continue;
      const row: Row = JSON.parse(line);
      const end_ms = row.started_ms + row.duration_ms;
      if (end_ms >= WARMUP_MS && end_ms < WARMUP_MS + length_ms) rows.push(row);
    }
    return { rows, cpu_ms: after.cpu_ms - before.cpu_ms, bytes: after.bytes - idle.bytes };
  } finally {
    await child.end();
    await Deno.remove(work, { recursive: true });
  }
}

async function plimsoll(folder: string, url: string, sessions: number): Promise<Flood> {
  // Iterations of many requests, whose slots have always passed: as fast as it goes.
  const { rows, cpu_ms } = await agent(folder, { url, sessions, pace_ms: 1, length_ms: FLOOD_MS, requests: 100 });
  const latency = rows.map(({ duration_ms }) => duration_ms).sort((a, b) => a - b);
  return {
    per_s: rows.filter(({ outcome }) => outcome === "ok").length / (FLOOD_MS / 1000),
    p50_ms: latency[Math.floor(latency.length / 2)],
    p99_ms: latency[Math.floor(latency.length * 0.99)],
    cpu_us: 1000 * cpu_ms / rows.length,
  };
}

async function paced(folder: string, url: string, sessions: number) {
  const { rows, cpu_ms, bytes } = await agent(folder, {
    url,
    sessions,
    pace_ms: 1000,
    length_ms: PACED_MS,
    requests: 1,
  });
  const late = rows.map(({ started_ms, scheduled_ms }) => started_ms - scheduled_ms).sort((a, b) => a - b);
  return {
    cpu_ms: cpu_ms / rows.length * 1000,
    late_p50_ms: late[Math.floor(late.length / 2)],
    late_p99_ms: late[Math.floor(late.length * 0.99)],
    errors: rows.filter(({ outcome }) => outcome !== "ok").length,
    session_bytes: bytes / sessions,
  };
}

/** CPU time so far and resident memory of a process, from /proc. */
async function usage(pid: number): Promise<{ cpu_ms: number; bytes: number }> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1].split(" ").map(Number);
  return { cpu_ms: 10 * (fields[11] + fields[12]), bytes: 4096 * fields[21] };
}

/** CPU time so far of all children that have ended. */
async function childrenCpu_ms(): Promise<number> {
  const fields = (await Deno.readTextFile("/proc/self/stat")).split(") ")[1].split(" ").map(Number);
  return 10 * (fields[13] + fields[14]);
}
