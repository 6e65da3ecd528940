import { Buffer } from "node:buffer";
import { InputError } from "../schema/input_error.ts";
import { readBytes, type SourceFile, type Tap } from "./source_file.ts";
import type { SummedFile, ToolReader } from "./tool_reader.ts";

/** What `artillery run --output FILE.json` writes, from version 2 on: its `aggregate` is one level. */
export const artillery: ToolReader = {
  kind: "sums",
  format: "artillery",
  tool: "Artillery",
  notes: [
    "A report of Artillery is one level, from its first to its last second: its ramps are in it",
    "Throughput counts virtual users that completed their scenario; response times count from the actual start of a request",
  ],
  read,
};

/** A report has a few kB a phase. */
const MOST_BYTES = 200_000_000;

interface Aggregate {
  counters?: Record<string, number>;
  firstCounterAt?: number;
  lastCounterAt?: number;
  summaries?: Record<
    string,
    { mean?: number; count?: number; median?: number; p95?: number; p99?: number } | undefined
  >;
}

async function read(file: SourceFile, tap: Tap): Promise<SummedFile> {
  const wrong = (why: string) =>
    new InputError("FILE", file.path, `what artillery run --output FILE.json writes, version 2 or later (${why})`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of readBytes(file, tap)) {
    chunks.push(chunk);
    if ((bytes += chunk.length) > MOST_BYTES) throw wrong("it is larger than 200 MB");
  }
  let aggregate: Aggregate;
  try {
    ({ aggregate } = JSON.parse(Buffer.concat(chunks).toString()));
  } catch (error) {
    throw wrong((error as Error).message.split("\n")[0]);
  }
  const { counters, summaries, firstCounterAt: from_ms, lastCounterAt: to_ms } = aggregate ?? {};
  if (!counters || typeof counters !== "object" || !summaries || typeof summaries !== "object") {
    throw wrong("no aggregate with counters and summaries");
  }
  if (!isCount(from_ms) || !isCount(to_ms) || to_ms - from_ms < 1000) {
    throw wrong("less than a second between firstCounterAt and lastCounterAt");
  }
  const bad = Object.entries(counters).find(([, value]) => !isCount(value));
  if (bad) throw wrong(`counter ${JSON.stringify(bad[0])} is ${JSON.stringify(bad[1])}`);
  const count = (name: RegExp) =>
    Object.entries(counters).reduce((sum, [key, value]) => sum + (name.test(key) ? value : 0), 0);
  const window_s = (to_ms - from_ms) / 1000;
  const completed = count(/^vusers\.completed$/);
  const requests = count(/^http\.requests$/);
  const failed = count(/^errors\./) + count(/^http\.codes\.[45]\d\d$/);
  const times = summaries["http.response_time"];
  const quantiles = { latency_ms_p50: times?.median, latency_ms_p95: times?.p95, latency_ms_p99: times?.p99 };
  const length_ms = summaries["vusers.session_length"]?.mean;
  const sessions = file.level ?? (isCount(length_ms) ? completed * length_ms / 1000 / window_s : 0);
  if (!(sessions > 0)) {
    throw wrong("no virtual user completed its scenario, so that nothing says how many there were: give FILE@N");
  }
  return {
    levels: [{
      sessions,
      started_at_ms: from_ms,
      window_s,
      metrics: {
        requests,
        throughput: completed / window_s,
        ...(requests > 0 ? { error_ratio: Math.min(1, failed / requests) } : {}),
        ...Object.fromEntries(Object.entries(quantiles).filter(([, value]) => isCount(value))) as Record<
          string,
          number
        >,
      },
    }],
    notes: file.level === undefined
      ? [
        `Sessions of ${file.name}: virtual users completed a second × their mean length (Little's law), as Artillery records no concurrency`,
      ]
      : [],
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
