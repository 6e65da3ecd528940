import { join } from "node:path";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { textTable } from "../../src/cli/text_table.ts";
import { Hub } from "../../src/cluster/hub.ts";
import { openFleet } from "../../src/cluster/mod.ts";
import { keys } from "../../src/cluster/messages.ts";
import { Receiver } from "../../src/cluster/receiver.ts";
import { UpReader } from "../../src/cluster/up_reader.ts";
import { load } from "../../src/dataset/mod.ts";
import { evaluate, fitPoints } from "../../src/model/mod.ts";
import { sweep } from "../../src/run/mod.ts";
import type { FitPoint } from "../../src/schema/fit.ts";
import { type RunningHub, startHub, startWorker } from "../cluster/start_hub.ts";
import { tempFolder } from "../temp_folder.ts";
import { Nginx } from "./nginx.ts";
import { Running, usage } from "./processes.ts";
import type { BenchOptions } from "./rounds.ts";
import { significant } from "./rounds.ts";

const WORKERS = 2;

/** What a hub carries, and what a sweep by workers costs the machine that leads it. */
export async function bench({ quick }: BenchOptions): Promise<void> {
  await using folder = await tempFolder();
  await using hub = await startHub();
  console.log("Redis with appendfsync always, on the same two cores as all that talks to it\n");
  await throughput(hub, folder.path, quick ? 10_000 : 500_000);
  await costs(hub, folder.path, quick);
}

/** Rows a second from a worker's file by way of the hub into the run, on disk before each is acknowledged. */
async function throughput(hub: RunningHub, folder: string, rows: number): Promise<void> {
  const [from, to] = [join(folder, "from"), join(folder, "to")];
  for (const path of [from, to]) await Deno.mkdir(path);
  await Deno.writeTextFile(join(from, "requests.jsonl"), requestRows(rows));
  const { size } = await Deno.stat(join(from, "requests.jsonl"));
  await using client = await Hub.open(hub.options);
  const key = keys.up(client.prefix, "bench");
  const receiver = new Receiver("secret", to, (name) => name);
  const arrived = Promise.withResolvers<void>();
  const reader = new UpReader(client.connect());
  const before = { hub: usage(hub.pid()).cpu_ms, here: process.cpuUsage() };
  const began_ms = performance.now();
  reader.add(key, {
    take: (entry) => void receiver.take(entry),
    async sync() {
      await receiver.sync();
      if (receiver.bytes("requests.jsonl") === size) arrived.resolve();
    },
    fail: (error) => arrived.reject(error),
  });
  const sender = fileURLToPath(new URL("cluster_sender.ts", import.meta.url));
  await using _ = new Running([
    Deno.execPath(),
    "run",
    "-A",
    "--quiet",
    sender,
    JSON.stringify(hub.options),
    key,
    from,
  ]);
  await arrived.promise;
  const s = (performance.now() - began_ms) / 1000;
  const here = process.cpuUsage(before.here);
  const hub_ms = usage(hub.pid()).cpu_ms - before.hub;
  reader.close();
  const { rows: got } = (await receiver.close())["requests.jsonl"];
  if (got !== rows) throw new Error(`${got} of ${rows} rows arrived`);
  console.log(
    `Through the hub: ${significant(rows / s)} rows/s (${
      significant(size / s / 1e6)
    } MB/s) from one worker; CPU ms / 1000 rows: ` +
      `coordinator ${significant((here.user + here.system) / rows)}, hub ${significant(1000 * hub_ms / rows)}\n`,
  );
}

async function costs(hub: RunningHub, folder: string, quick: boolean): Promise<void> {
  await using nginx = await Nginx.start(folder);
  const levels = quick ? [5, 10] : [1000, 2000, 4000, 7000, 10_000];
  const workers = [];
  for (let k = 1; k <= WORKERS; k++) workers.push(await startWorker(hub, `w${k}`, { capacity: 10_000 }));
  const out = join(folder, "run");
  {
    await using fleet = await openFleet({ ...hub.options, workers: WORKERS });
    const end = await sweep({
      url: `http://127.0.0.1:${nginx.port}/`,
      levels,
      replicates: quick ? 1 : 2,
      duration_ms: quick ? 1500 : 6000,
      warmup_ms: quick ? 0 : 3000,
      idle_ms: 1000,
      pace_ms: 2000,
      // What Redis uses is what is looked at.
      target_pid: hub.pid(),
    }, { out, fleet });
    if (end.state !== "complete") throw new Error(end.reason);
  }
  for (const worker of workers) {
    worker.kill("SIGTERM");
    await worker.ended();
  }
  const { attempts } = await load(out);
  const seen = attempts.filter(({ discarded }) => !discarded).map(({ seal, requests, resources }) => {
    const { from_ms, to_ms } = seal.window;
    const cores = (group: string) => {
      const rows = resources.filter((row) =>
        row.share === undefined && row.group === group && row.t_ms >= from_ms && row.t_ms <= to_ms
      );
      const [first, last] = [rows[0], rows.at(-1)!];
      return (last.cpu_ms - first.cpu_ms) / (last.t_ms - first.t_ms);
    };
    const inside = requests.filter(({ started_ms }) => started_ms >= from_ms && started_ms < to_ms);
    const late = seal.shares!.map(({ intended_at, start_late_ms }) => Date.parse(intended_at) + start_late_ms);
    return {
      level: seal.level,
      replicate: seal.replicate,
      rows_per_s: 1000 * inside.length / (to_ms - from_ms),
      errors: inside.filter(({ outcome }) => outcome !== "ok").length,
      coordinator: cores("generator"),
      hub: cores("target"),
      skew_ms: Math.max(...late) - Math.min(...late),
    };
  }).sort((a, b) => a.level - b.level || a.replicate - b.replicate);
  console.log(`${WORKERS} workers, a request every 2 s and session\n`);
  console.log(
    textTable(
      ["sessions", "rows/s", "errors", "coordinator cores", "hub cores", "start skew ms"],
      seen.map((one) => [
        one.level.toLocaleString("en"),
        ...[one.rows_per_s, one.errors, one.coordinator, one.hub, one.skew_ms].map(significant),
      ]),
      [0, 1, 2, 3, 4, 5],
    ) + "\n",
  );
  for (const what of ["coordinator", "hub"] as const) {
    const points = seen.map(({ level, replicate, [what]: value }): FitPoint => ({
      ...{ sessions: level, level, replicate, value },
    }));
    const fit = fitPoints(points, { metric: "target_cores" });
    const cost = fit.models.length === 0
      ? (points.at(-1)!.value - points[0].value) / (points.at(-1)!.sessions - points[0].sessions)
      : (evaluate(fit, levels.at(-1)!).estimate - evaluate(fit, levels[0]).estimate) / (levels.at(-1)! - levels[0]);
    console.log(`${what}: ${significant(1000 * cost)} cores per 1000 sessions; ${fit.verdict.text}`);
  }
}

function requestRows(count: number): string {
  const lines: string[] = [];
  for (let seq = 0; seq < count; seq++) {
    lines.push(
      `{"seq":${seq},"session":${
        seq % 1000
      },"iteration":${seq},"step":"get","scheduled_ms":${seq}.5,"started_ms":${seq}.75,` +
        `"duration_ms":1.234,"outcome":"ok","status":200,"bytes_in":1234,"bytes_out":87}`,
    );
  }
  return lines.join("\n") + "\n";
}
