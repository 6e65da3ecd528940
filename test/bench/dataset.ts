import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { textTable } from "../../src/cli/text_table.ts";
import { derive } from "../../src/dataset/mod.ts";
import { makeRun, rowsOf, type RunSize } from "./make_run.ts";
import { Peers } from "./peers.ts";
import { type BenchOptions, type Goal, goalsTable, Rounds, significant } from "./rounds.ts";

const SIZES: RunSize[] = [25, 50, 250].map((iterations) => ({ levels: 20, replicates: 5, iterations }));
const QUICK: RunSize[] = [6, 12].map((iterations) => ({ levels: 3, replicates: 2, iterations }));
const ROUNDS = 5;
const POLL_MS = 10;

const [OURS, OURS_DERIVED] = ["plimsoll, JSONL", "plimsoll, Parquet"];
const [DUCKDB, DUCKDB_DERIVED] = ["DuckDB, JSONL", "DuckDB, Parquet"];
const [POLARS, POLARS_DERIVED] = ["Polars streaming, JSONL", "Polars streaming, Parquet"];
const PANDAS = "pandas, JSONL";

/** One process from its start to its end. */
interface Measured {
  s: number;
  /** Peak of resident memory. */
  mib: number;
}

/** A run, and the same with its derived files. */
interface BenchRun {
  raw: string;
  derived: string;
  rows: { requests: number; resources: number };
}

/** Loading and cleaning runs to level summaries. */
export async function bench({ quick }: BenchOptions): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "plimsoll-bench-" });
  try {
    const runs: BenchRun[] = [];
    for (const [index, size] of (quick ? QUICK : SIZES).entries()) {
      const [raw, derived] = [join(folder, `raw-${index}`), join(folder, `derived-${index}`)];
      makeRun(raw, size);
      cpSync(raw, derived, { recursive: true });
      await derive(derived);
      runs.push({ raw, derived, rows: rowsOf(size) });
    }
    // What was written is to be on disk, and not on its way there.
    await new Deno.Command("sync").output();
    await compare(runs, quick ? 1 : ROUNDS);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function compare(runs: BenchRun[], rounds: number): Promise<void> {
  const peers = new Peers();
  const largest = runs.at(-1)!;
  const results: Record<string, Levels> = {};
  const measured = (name: string, command: string[]) => async () => {
    const { printed, ...cost } = await measure(command);
    results[name] = JSON.parse(printed);
    return cost;
  };
  const ours = (name: string, run: string) =>
    measured(name, [Deno.execPath(), "run", "-A", "--quiet", script("dataset_main.ts"), run]);
  const peer = async (name: string, program: string, kind: "jsonl" | "parquet") => {
    const python = await peers.command(program);
    const run = kind === "jsonl" ? largest.raw : largest.derived;
    return python && measured(name, [...python, script("dataset_peers.py"), program, kind, run]);
  };
  const smaller = runs.slice(0, -1).flatMap(({ raw, derived, rows }) => [
    { name: `${OURS}, ${millions(rows.requests)}`, run: raw },
    { name: `${OURS_DERIVED}, ${millions(rows.requests)}`, run: derived },
  ]);
  const all = await Rounds.run<Measured>({
    [OURS]: ours(OURS, largest.raw),
    [DUCKDB]: await peer(DUCKDB, "duckdb", "jsonl"),
    [POLARS]: await peer(POLARS, "polars", "jsonl"),
    [OURS_DERIVED]: ours(OURS_DERIVED, largest.derived),
    [DUCKDB_DERIVED]: await peer(DUCKDB_DERIVED, "duckdb", "parquet"),
    [POLARS_DERIVED]: await peer(POLARS_DERIVED, "polars", "parquet"),
    ...Object.fromEntries(smaller.map(({ name, run }) => [name, ours(name, run)])),
  }, { rounds, ours: OURS });
  // Once: it takes longer than all the others in all rounds.
  const slow = await Rounds.run<Measured>({
    [OURS]: ours(OURS, largest.raw),
    [PANDAS]: await peer(PANDAS, "pandas", "jsonl"),
  }, { rounds: 1, ours: OURS });

  const names = [
    ...all.names.map((name) => [all, name] as const),
    ...slow.names.slice(1).map((name) => [slow, name] as const),
  ];
  const s = ({ s }: Measured) => s;
  const mib = ({ mib }: Measured) => mib;
  const { requests, resources } = largest.rows;
  console.log(
    `${millions(requests)} request rows and ${
      millions(resources)
    } resource rows to level summaries, whole processes, medians of ${rounds}\n`,
  );
  console.log(textTable(
    ["", "s", "÷ plimsoll, JSONL", "peak RSS [MiB]"],
    names.map(([rows, name]) => [
      name,
      significant(rows.median(name, s)),
      significant(rows.ratio(name, OURS, s)),
      significant(rows.median(name, mib)),
    ]),
    [1, 2, 3],
  ));
  const differing = Object.entries(results).filter(([name]) => !smaller.some((one) => one.name === name))
    .flatMap(([name, levels]) => differences(levels, results[OURS]).map((what) => `${name}: ${what}`));
  console.log(
    differing.length === 0
      ? "\nAll of them come to the same numbers, within 1e-9\n"
      : `\nNot the same numbers:\n${differing.slice(0, 10).join("\n")}\n`,
  );
  const perRow = (name: string, { rows }: BenchRun) => all.median(name, s) / (rows.requests + rows.resources);
  const before = runs.at(-2)!;
  const growth = (ours: string) => perRow(ours, largest) / perRow(`${ours}, ${millions(before.rows.requests)}`, before);
  const goals: Goal[] = [
    { what: "time, JSONL / DuckDB's", measured: all.ratio(OURS, DUCKDB, s), sense: "<=", wanted: 1.3 },
    { what: "time, JSONL / Polars streaming's", measured: all.ratio(OURS, POLARS, s), sense: "<=", wanted: 0.7 },
    { what: "time, pandas' / JSONL", measured: slow.ratio(PANDAS, OURS, s), sense: ">=", wanted: 15 },
    {
      what: "time, Parquet / Polars streaming's",
      measured: all.ratio(OURS_DERIVED, POLARS_DERIVED, s),
      sense: "<=",
      wanted: 1.1,
    },
    { what: "peak RSS, JSONL [MiB]", measured: all.median(OURS, mib), sense: "<=", wanted: 2048 },
    { what: "peak RSS, Parquet [MiB]", measured: all.median(OURS_DERIVED, mib), sense: "<=", wanted: 2048 },
    { what: "time a row, largest run / the next, JSONL", measured: growth(OURS), sense: "<=", wanted: 1.1 },
    { what: "time a row, largest run / the next, Parquet", measured: growth(OURS_DERIVED), sense: "<=", wanted: 1.1 },
  ];
  console.log(`${goalsTable(goals)}\n`);
}

/** Metrics by level and replicate. */
type Levels = Record<string, Record<string, number>>;

/** Where a peer says something else than we do. */
function differences(levels: Levels, ours: Levels): string[] {
  if (Object.keys(levels).length !== Object.keys(ours).length) return [`${Object.keys(levels).length} levels`];
  return Object.entries(levels).flatMap(([key, metrics]) =>
    Object.entries(metrics).flatMap(([name, value]) => {
      const own = ours[key]?.[name];
      return Math.abs(value - own) <= 1e-9 * Math.abs(own) ? [] : [`${key} ${name}: ${value}, ours ${own}`];
    })
  );
}

async function measure(command: string[]): Promise<Measured & { printed: string }> {
  const [program, ...args] = command;
  const began_ms = performance.now();
  const child = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  let mib = 0;
  const poll = setInterval(() => {
    try {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      mib = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 1024 * mib) / 1024;
    } catch { /* it has ended, or this is no Linux */ }
  }, POLL_MS);
  try {
    const output = await child.output();
    const s = (performance.now() - began_ms) / 1000;
    if (!output.success) throw new Error(new TextDecoder().decode(output.stderr).trim().split("\n").at(-1));
    return { s, mib, printed: new TextDecoder().decode(output.stdout) };
  } finally {
    clearInterval(poll);
  }
}

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function millions(rows: number): string {
  return `${significant(rows / 1e6)} M`;
}
