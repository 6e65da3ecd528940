import type { Outcome } from "../schema/rows.ts";
import { label } from "./label.ts";
import type { ToolEvent } from "./tool_event.ts";

/** One point of a metric of k6. */
export interface K6Point {
  metric: string;
  at_ms: number;
  value: number;
  tags: Record<string, string | undefined>;
}

/**
 * What a point of k6's output says: a request that ended, how many virtual users there were, iterations, bytes. Of all other metrics
 * nothing.
 *
 * `http_req_duration` is sending, waiting and receiving, without the time to get a connection. `vu` and `iter` are written
 * where the script asks for them (`systemTags`); without them a request is an iteration of its own.
 *
 * Source: https://grafana.com/docs/k6/latest/using-k6/metrics/reference/, and for errors
 * https://grafana.com/docs/k6/latest/javascript-api/error-codes/.
 *
 * @param point As read.
 * @param number How many requests came before it.
 */
export function k6Event({ metric, at_ms, value, tags }: K6Point, number: number): ToolEvent | undefined {
  switch (metric) {
    case "http_req_duration": {
      const [vu, iteration] = [Number(tags.vu || NaN), Number(tags.iter || NaN)];
      const known = Number.isInteger(vu) && Number.isInteger(iteration) && vu >= 0 && iteration >= 0;
      const status = Number(tags.status ?? 0);
      return {
        kind: "request",
        ended_at_ms: at_ms,
        row: {
          ...(known ? { session: vu, iteration } : { session: 0, iteration: number }),
          step: label(tags.name || tags.url || ""),
          duration_ms: value,
          outcome: outcomeOf(tags),
          status: Number.isInteger(status) && status > 0 ? status : 0,
          bytes_in: 0,
          bytes_out: 0,
        },
      };
    }
    case "vus":
      return { kind: "sessions", at_ms, sessions: value };
    case "iterations":
      return { kind: "count", at_ms, what: "iterations", count: value };
    case "dropped_iterations":
      return { kind: "count", at_ms, what: "dropped", count: value };
    case "data_sent":
    case "data_received":
      return { kind: "count", at_ms, what: "bytes", count: value };
  }
  return undefined;
}

function outcomeOf({ status = "", error_code = "", expected_response }: K6Point["tags"]): Outcome {
  const code = Number(error_code);
  if (code === 1050 || code === 1211) return "timeout";
  if (code >= 1100 && code < 1200) return "dns";
  if (code === 1220) return "reset";
  if (code >= 1200 && code < 1300) return "refused";
  if (code >= 1300 && code < 1400) return "tls";
  if (Number(status) >= 400) return expected_response === "true" ? "ok" : "http_error";
  if (code >= 1000 || !(Number(status) > 0)) return "aborted";
  return expected_response === "false" ? "check_failed" : "ok";
}

/** What the reader of any output of k6 must know. */
export const K6_NOTES: readonly string[] = [
  "Response times are k6's http_req_duration: from the actual start of a request, without the time to get a connection",
];

/** Why a file of k6 has no levels of its own. */
export const K6_NO_CONCURRENCY = "it has no points of the metric vus";
