/** Sweeps that others measured and published, as series of levels; see `test/certified/SOURCES.md`. */
import { readFileSync } from "node:fs";

/** One server, machine and workload at several levels. */
export interface Series {
  name: string;
  points: { sessions: number; value: number }[];
}

/** What is known up to some level, and the level at about twice that. */
export interface Case {
  name: string;
  known: Series["points"];
  next: Series["points"][number];
}

const FEWEST_LEVELS = 5;

/** Throughput of every series without failed requests. */
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
  ];
}

/** CPU of the database sweeps against threads [cores], as far as the machine was not full. */
export function demandSeries(): Series[] {
  const { series: all, machineCpus } = read("sweeps/mariadb-sysbench-ro-series25.dev.json");
  // deno-lint-ignore no-explicit-any -- each file has a shape of its own
  return all.map((one: any) => {
    // deno-lint-ignore no-explicit-any -- as above
    const rows: number[][] = one.levels.map(({ n, cpuCoresSeries: cores }: any) => [
      n,
      cores.reduce((sum: number, value: number) => sum + value, 0) / cores.length,
    ]);
    return series(`cores ${one.id}`, rows.filter(([, cores]) => cores < 0.9 * machineCpus));
  });
}

/** Every prefix of at least five levels whose double is about (1.5 to 2.5 times) a level of the series. */
export function casesOf(all: readonly Series[]): Case[] {
  return all.flatMap(({ name, points }) =>
    points.flatMap((_, index): Case[] => {
      const known = points.slice(0, index + 1);
      if (known.length < FEWEST_LEVELS) return [];
      const top = known[index].sessions;
      const offBy = ({ sessions }: { sessions: number }) => Math.abs(sessions / top - 2);
      const next = points.slice(index + 1).toSorted((a, b) => offBy(a) - offBy(b))[0];
      return next && offBy(next) <= 0.5 ? [{ name: `${name} up to ${top}`, known, next }] : [];
    })
  );
}

function series(name: string, rows: number[][]): Series {
  return { name, points: rows.map(([sessions, value]) => ({ sessions, value })) };
}

// deno-lint-ignore no-explicit-any -- each file has a shape of its own
function read(path: string): any {
  return JSON.parse(readFileSync(new URL(`../certified/${path}`, import.meta.url), "utf8"));
}
