/** Sweeps that others measured and published, as series of levels; see `test/certified/SOURCES.md`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { load, summarise } from "../../src/dataset/mod.ts";
import { pointsOf } from "../../src/model/fit_demand.ts";
import type { FitPoint } from "../../src/schema/mod.ts";

/** One metric of one server, machine and workload at several levels. */
export interface Series {
  name: string;
  kind: "demand" | "throughput";
  /** Ascending by level. */
  points: FitPoint[];
}

/** What is known up to some level, and a run at about twice that. */
export interface Case {
  name: string;
  kind: Series["kind"];
  known: FitPoint[];
  next: FitPoint;
}

/**
 * Throughput of every published series without failed requests. Left out is `redis-benchmark` of the Redis sweep: its clock
 * is so coarse that all its values are four numbers.
 */
export function throughputSeries(): Series[] {
  const oltp = read("sweeps/mariadb-sysbench-ro-series25.dev.json");
  const connect = read("sweeps/mariadb-connect-series22.dev.json");
  const frameworks = read("sweeps/techempower-ec2-r1-json.dev.json");
  const cpu = read("sweeps/sysbench-cpu-scatools.json");
  return [
    // deno-lint-ignore no-explicit-any -- each file has a shape of its own
    ...oltp.series.map((one: any) =>
      // deno-lint-ignore no-explicit-any -- as above
      series(`oltp ${one.id}`, one.levels.map(({ n, throughput }: any) => [n, throughput]))
    ),
    // deno-lint-ignore no-explicit-any -- as above
    ...connect.series.flatMap((one: any) =>
      connect.columns.slice(1).map((column: string, index: number) =>
        series(`connect ${one.server} ${column}`, one.rows.map((row: number[]) => [row[0], row[index + 1]]))
      )
    ),
    // deno-lint-ignore no-explicit-any -- as above
    ...frameworks.series.filter((one: any) => !one.manyFailedRequests).map((one: any) =>
      series(one.framework, frameworks.levels.map((n: number, index: number) => [n, one.throughput[index]]))
    ),
    series("sysbench cpu", cpu.rows),
    ...["cisco", "specsdm91", "raytracer", "redis-ycsb"].map((name) => {
      const { n, x } = read(`usl/${name}.json`);
      return series(name, n.map((sessions: number, index: number) => [sessions, x[index]]));
    }),
    series("oracledb", intervalsOf(read("usl/oracledb.json"))),
  ];
}

/**
 * What was used against levels: CPU of the database sweeps [cores] below as many threads as the machine has, where client and
 * server fill it; CPU of Redis [%]; CPU and memory of the committed runs of the Streamer.
 */
export async function demandSeries(): Promise<Series[]> {
  const { series: databases, machineCpus } = read("sweeps/mariadb-sysbench-ro-series25.dev.json");
  const { cpuPercent } = read("sweeps/redis-esle8.json");
  const streamers = await Promise.all(["streamer_http", "streamer_browser"].map(async (name) => {
    const path = fileURLToPath(new URL(`../../data/sample/${name}`, import.meta.url));
    const { levels } = summarise(await load(path));
    const measured = STREAMER_METRICS.filter((metric) => levels.some(({ metrics }) => metric in metrics));
    return measured.map((metric): Series => ({
      name: `${name} ${metric}`,
      kind: "demand",
      points: pointsOf(levels, metric, "demand").filter(({ excluded }) => excluded === undefined),
    }));
  }));
  return [
    // deno-lint-ignore no-explicit-any -- each file has a shape of its own
    ...databases.map((one: any) => {
      // deno-lint-ignore no-explicit-any -- as above
      const rows: number[][] = one.levels.map(({ n, cpuCoresSeries: cores }: any) => [
        n,
        cores.reduce((sum: number, value: number) => sum + value, 0) / cores.length,
      ]);
      return series(`cores ${one.id}`, rows.filter(([n]) => n < machineCpus), "demand");
    }),
    series("CPU of Redis", cpuPercent, "demand"),
    ...streamers.flat(),
  ];
}

const STREAMER_METRICS = [
  "target_cores",
  "target_memory_bytes",
  "browser_cores",
  "browser_memory_bytes",
  "generator_cores",
  "system_cores",
];

/** Every prefix of at least so many levels whose double is about (1.5 to 2.5 times) a level of the series, a case a run of it. */
export function casesOf(all: readonly Series[], fewestLevels = 5): Case[] {
  return all.flatMap(({ name, kind, points }) => {
    const levels = [...new Set(points.map(({ level }) => level))].sort((a, b) => a - b);
    return levels.flatMap((top, index): Case[] => {
      if (index + 1 < fewestLevels) return [];
      const offBy = (level: number) => Math.abs(level / top - 2);
      const next = levels.slice(index + 1).toSorted((a, b) => offBy(a) - offBy(b))[0];
      if (next === undefined || offBy(next) > 0.5) return [];
      const known = points.filter(({ level }) => level <= top);
      const runs = points.filter(({ level }) => level === next);
      return runs.map((run) => ({ name: `${name} up to ${top}`, kind, known, next: run }));
    });
  });
}

function series(name: string, rows: number[][], kind: Series["kind"] = "throughput"): Series {
  return {
    name,
    kind,
    points: rows.map(([sessions, value]) => ({ level: sessions, replicate: 1, sessions, value })),
  };
}

/** Two-minute intervals of a production database as levels: concurrency in steps of a quarter. */
function intervalsOf({ n, x }: { n: number[]; x: number[] }): number[][] {
  const groups = Map.groupBy(
    n.map((sessions, index) => [sessions, x[index]]),
    ([sessions]) => Math.round(4 * sessions),
  );
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [...groups.values()].filter((rows) => rows.length >= 3)
    .map((rows) => [mean(rows.map(([sessions]) => sessions)), mean(rows.map(([, value]) => value))])
    .sort((a, b) => a[0] - b[0]);
}

// deno-lint-ignore no-explicit-any -- each file has a shape of its own
function read(path: string): any {
  return JSON.parse(readFileSync(new URL(`../certified/${path}`, import.meta.url), "utf8"));
}
