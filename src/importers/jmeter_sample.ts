import type { Outcome } from "../schema/rows.ts";
import { label } from "./label.ts";
import type { ToolEvent } from "./tool_event.ts";

/** One sample of JMeter, texts as its file has them. Absent where the file was told not to keep it. */
export interface JmeterSample {
  /** Start [ms since 1970]. */
  started: string;
  /** [ms] */
  elapsed: string;
  label?: string;
  code?: string;
  success?: string;
  thread?: string;
  bytes?: string;
  sent?: string;
  /** Threads that were alive when it ended. */
  threads?: string;
}

/** Numbers the threads of a file, and the samples of each. */
export class JmeterThreads {
  #threads = new Map<string, { session: number; samples: number }>();

  /**
   * What a sample says. A thread is a session, each of its samples an iteration.
   *
   * Source: https://jmeter.apache.org/usermanual/listeners.html.
   *
   * @returns Nothing where a number is none.
   */
  events(sample: JmeterSample): ToolEvent[] | undefined {
    const [started_ms, duration_ms] = [wholeOf(sample.started), wholeOf(sample.elapsed)];
    if (started_ms === undefined || duration_ms === undefined) return undefined;
    const name = sample.thread ?? "";
    let thread = this.#threads.get(name);
    if (!thread) this.#threads.set(name, thread = { session: this.#threads.size, samples: 0 });
    const ended_at_ms = started_ms + duration_ms;
    const threads = wholeOf(sample.threads);
    return [
      ...(threads === undefined ? [] : [{ kind: "sessions" as const, at_ms: ended_at_ms, sessions: threads }]),
      {
        kind: "request",
        ended_at_ms,
        row: {
          session: thread.session,
          iteration: thread.samples++,
          step: label(sample.label ?? ""),
          duration_ms,
          outcome: outcomeOf(sample),
          status: /^[1-5]\d\d$/.test(sample.code ?? "") ? Number(sample.code) : 0,
          bytes_in: wholeOf(sample.bytes) ?? 0,
          bytes_out: wholeOf(sample.sent) ?? 0,
        },
      },
    ];
  }
}

/** A transaction controller's sample, which sums up requests that are samples themselves. */
export function isTransaction(message: string | undefined): boolean {
  return /^Number of samples in transaction\s*:/.test(message ?? "");
}

function wholeOf(text: string | undefined): number | undefined {
  return /^\d{1,15}$/.test(text?.trim() ?? "") ? Number(text) : undefined;
}

function outcomeOf({ success = "true", code = "" }: JmeterSample): Outcome {
  if (success.trim().toLowerCase() === "true") return "ok";
  if (/^[1-3]\d\d$/.test(code)) return "check_failed";
  if (/^\d+$/.test(code)) return "http_error";
  if (/timeout/i.test(code)) return "timeout";
  if (/UnknownHost/.test(code)) return "dns";
  if (/SSL/.test(code)) return "tls";
  if (/(HttpHostConnect|\bConnect|NoRouteToHost)Exception/.test(code)) return "refused";
  if (/(Socket|NoHttpResponse)Exception/.test(code)) return "reset";
  return "aborted";
}

/** What the reader of a file of JMeter must know. */
export const JMETER_NOTES: readonly string[] = [
  "Throughput counts JMeter's requests that ended well, each one an iteration; response times count from their actual start",
];

/** Why a file of JMeter has no levels of its own. */
export const JMETER_NO_CONCURRENCY =
  "it does not say how many threads were alive: run JMeter with -Jjmeter.save.saveservice.thread_counts=true";

/** What is told once of a file that has them. */
export function transactionNote(name: string, count: number): string {
  return `${name} has ${count} samples of transaction controllers, which sum up other samples: they were left out`;
}
