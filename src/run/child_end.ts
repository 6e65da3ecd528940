import type { AttemptClock } from "../drive/driver.ts";
import { Alarm } from "./alarm.ts";
import { jsonLines } from "./json_lines.ts";
import type { FromChild, ToChild } from "./messages.ts";

const encoder = new TextEncoder();

/** Says something to the coordinator. */
export function say(message: FromChild): void {
  const bytes = encoder.encode(JSON.stringify(message) + "\n");
  try {
    for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
  } catch (error) {
    // The coordinator is gone: its pipe's end is seen on standard input, where the work is stopped.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/**
 * The child's end of the conversation with its coordinator.
 *
 * A child leaves SIGINT and SIGTERM to the coordinator, who says when to stop; where the coordinator is gone, the pipe ends and
 * `ended` aborts.
 *
 * @param handle called with every message but pings, which are answered here.
 * @returns aborts when the coordinator is gone.
 */
export function listen(handle: (message: ToChild) => void): AbortSignal {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    if (Deno.build.os !== "windows" || signal === "SIGINT") Deno.addSignalListener(signal, () => {});
  }
  const ended = new AbortController();
  (async () => {
    for await (const line of jsonLines(Deno.stdin.readable)) {
      const message = line as ToChild;
      if (message.type === "ping") say({ type: "pong", id: message.id, now_ms: performance.now() });
      else handle(message);
    }
  })().catch(() => {}).finally(() => ended.abort());
  return ended.signal;
}

/**
 * A clock that starts at `zero_ms` of this process's own monotonic clock.
 *
 * @example Begun ten seconds ago
 * ```ts
 * import { attemptClock } from "./child_end.ts";
 * import assert from "node:assert/strict";
 *
 * assert(attemptClock(performance.now() - 10_000).now() >= 10_000);
 * ```
 */
export function attemptClock(zero_ms: number): AttemptClock {
  const now = () => performance.now() - zero_ms;
  const alarm = new Alarm(now);
  return {
    now,
    until: (t_ms, signal) =>
      new Promise((resolve) => {
        if (t_ms <= now() || signal?.aborted) resolve();
        else alarm.set(t_ms, resolve, signal);
      }),
  };
}
