import pl from "nodejs-polars";
import { REQUEST_FIELDS } from "../quality/mod.ts";
import { type Attempt, rowsOf, scan } from "./attempt.ts";
import type { DataFrame } from "./data_frame.ts";

/** A row a request, with `latency_ms` from the intended start and `steady`. */
export function requestFrame(attempts: readonly Attempt[]): DataFrame {
  return frame(attempts, (attempt) => {
    const { window } = attempt.seal;
    return rowsOf(attempt, "requests").map((row) => {
      const ended_ms = row.started_ms + row.duration_ms;
      return {
        ...row,
        latency_ms: row.phase === undefined ? ended_ms - row.scheduled_ms : null,
        steady: ended_ms >= window.from_ms && ended_ms <= window.to_ms,
      };
    });
  }, scannedRequestFrame);
}

const FIELDS = {
  numbers: [...REQUEST_FIELDS.numbers, "seq", "status"],
  words: REQUEST_FIELDS.words,
} as const;

/** The same of one attempt, several times as fast; nothing if a row is not as the recorder writes it. */
function scannedRequestFrame(attempt: Attempt): DataFrame | undefined {
  const scanner = scan(attempt, "requests", FIELDS);
  if (!scanner || scanner.unusual > 0) return undefined;
  const { keys, rows: { length, numbers, words, texts } } = scanner;
  const columns = keys.map((name) => {
    const number = (FIELDS.numbers as readonly string[]).indexOf(name);
    if (number >= 0) return pl.Series(name, numbers[number].subarray(0, length));
    const word = (FIELDS.words as readonly string[]).indexOf(name);
    if (word < 0) return undefined;
    return pl.Series(
      name,
      Array.from(words[word].subarray(0, length), (code) => code === 0 ? null : texts[word][code]),
      pl.Utf8,
    );
  });
  const timed = ["scheduled_ms", "started_ms", "duration_ms"].every((name) => keys.includes(name));
  if (length === 0 || !timed || !columns.every((column) => column !== undefined)) return undefined;
  const { window, level, replicate, attempt: number } = attempt.seal;
  const ended = pl.col("started_ms").add(pl.col("duration_ms"));
  const latency = ended.sub(pl.col("scheduled_ms"));
  const own = keys.includes("phase")
    ? pl.when(pl.col("phase").isNull()).then(latency).otherwise(pl.lit(null))
    : latency;
  return pl.DataFrame(columns).select(
    pl.lit(level).cast(pl.Int32).alias("level"),
    pl.lit(replicate).cast(pl.Int32).alias("replicate"),
    pl.lit(number).cast(pl.Int32).alias("attempt"),
    pl.lit(attempt.discarded).alias("discarded"),
    ...keys.map((name) => {
      if ((FIELDS.words as readonly string[]).includes(name)) return pl.col(name);
      return pl.col(name).fillNan(pl.lit(null)).cast(COUNTS.has(name) ? pl.Int32 : pl.Float64);
    }),
    own.alias("latency_ms"),
    ended.gtEq(pl.lit(window.from_ms)).and(ended.ltEq(pl.lit(window.to_ms))).alias("steady"),
  );
}

/** A row a sample and group, scalar columns, with `steady`. */
export function resourceFrame(attempts: readonly Attempt[]): DataFrame {
  return frame(attempts, (attempt) => {
    const { window } = attempt.seal;
    return rowsOf(attempt, "resources").map(({ core_busy_ms: _cores, artifact_bytes, ...row }) => ({
      ...row,
      artifact_bytes: artifact_bytes ? Object.values(artifact_bytes).reduce((sum, bytes) => sum + bytes, 0) : null,
      steady: row.t_ms >= window.from_ms && row.t_ms <= window.to_ms,
    }));
  });
}

/** Columns of whole numbers that stay small. */
const COUNTS = new Set([
  "share",
  "level",
  "replicate",
  "attempt",
  "seq",
  "session",
  "iteration",
  "status",
  "processes",
]);

/** One frame of all attempts, made of one each: their rows need not be there at once. */
function frame(
  attempts: readonly Attempt[],
  rowsOf: (attempt: Attempt) => Record<string, unknown>[],
  scanned: (attempt: Attempt) => DataFrame | undefined = () => undefined,
): DataFrame {
  // By columns, since one that is absent from the first rows would be lost by rows. The first value says what type it is of.
  const types = new Map<string, string | undefined>();
  const parts = attempts.flatMap((attempt) => {
    const whole = scanned(attempt);
    if (whole) {
      for (const [index, name] of whole.columns.entries()) {
        if (types.get(name) === undefined) types.set(name, typeOf(whole.dtypes[index].variant));
      }
      return [whole];
    }
    const { level, replicate, attempt: number } = attempt.seal;
    const keys = { level, replicate, attempt: number, discarded: attempt.discarded };
    const rows = rowsOf(attempt).map((row): Record<string, unknown> => ({ ...keys, ...row }));
    const names = new Set(rows.flatMap((row) => Object.keys(row)));
    const columns = [...names].flatMap((name) => {
      const values = rows.map((row) => row[name] ?? null);
      const first = values.find((value) => value !== null);
      const type = types.get(name) ?? (first === undefined ? undefined : typeof first);
      types.set(name, type);
      return first === undefined ? [] : [[name, series(name, values, type)] as const];
    });
    return columns.length > 0 ? [pl.DataFrame(Object.fromEntries(columns))] : [];
  });
  if (parts.length === 0) return pl.DataFrame({});
  const all = pl.concat(parts, { how: "diagonal" });
  const absent = [...types].flatMap(([name, type]) => type === undefined ? [name] : []);
  const empty = absent.map((name) => series(name, new Array(all.height).fill(null), undefined));
  return (empty.length > 0 ? all.withColumns(...empty) : all).select(...types.keys());
}

function typeOf(variant: string): string {
  return variant === "Bool" || variant === "Boolean" ? "boolean" : /^(Int|Float)/.test(variant) ? "number" : "string";
}

function series(name: string, values: unknown[], type: string | undefined) {
  if (type === "number") {
    const as = COUNTS.has(name) ? pl.Int32 : pl.Float64;
    if (values.some((value) => typeof value !== "number")) return pl.Series(name, values as number[], as);
    // Numbers that are all there are handed over at once.
    return pl.Series(name, Float64Array.from(values as number[])).cast(as);
  }
  if (type === "boolean") return pl.Series(name, values as boolean[], pl.Bool);
  return pl.Series(name, values as string[], pl.Utf8);
}
