import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import type { AttemptClock, DriveJob, Driver, Sink } from "./driver.ts";

/** How long the tool may take to end by itself after its time, and then after it was asked to [ms]. */
const GRACE_MS = 5000;

/**
 * Sessions of a load generator that the user has already: one process a level, for the whole attempt.
 *
 * `{sessions}`, `{duration}` (whole seconds, warm-up included) and `{seed}` in the plan's `command` are replaced. The tool
 * and all that it starts are charged to `generator`. What it prints goes to `command.log`, how it ended into an event.
 */
export class CommandDriver implements Driver {
  #job: DriveJob;
  #sink: Sink;
  #log: string;

  /** @param log The file that the tool's output goes to. */
  constructor(job: DriveJob, sink: Sink, log: string) {
    this.#job = job;
    this.#sink = sink;
    this.#log = log;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async run(clock: AttemptClock, stop: AbortSignal): Promise<void> {
    const [program, ...args] = fillCommand(this.#job);
    const log = createWriteStream(this.#log, { mode: 0o600, flags: "wx" });
    // In a process group of its own, so that what it has started ends with it.
    const tool = spawn(program, args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const started_ms = clock.now();
    const ended = endOf(tool);
    tool.stdout?.pipe(log, { end: false });
    tool.stderr?.pipe(log, { end: false });
    for (const session of this.#job.sessions) this.#sink.event({ t_ms: started_ms, event: "session_start", session });

    const length_ms = this.#job.plan.warmup_ms + this.#job.plan.duration_ms;
    const early = await Promise.race([ended, clock.until(length_ms, stop).then(() => undefined)]);
    const ended_ms = clock.now();
    for (const session of this.#job.sessions) this.#sink.event({ t_ms: ended_ms, event: "session_end", session });
    if (!early) {
      // A tool that counts the duration from when it was ready ends a little later, and then prints its summary.
      const patience_ms = ended_ms >= length_ms - 50 ? GRACE_MS : 0;
      const timers = [
        setTimeout(() => signal(tool, "SIGTERM"), patience_ms),
        setTimeout(() => signal(tool, "SIGKILL"), patience_ms + GRACE_MS),
      ];
      await ended;
      for (const timer of timers) clearTimeout(timer);
    }
    const end = await ended;
    this.#sink.event({ t_ms: clock.now(), event: "command_end", code: end.code, early: early !== undefined });
    signal(tool, "SIGKILL");
    log.end();
    await finished(log);
    if (end.error) throw new Error(`Cannot start ${program}: ${end.error}`);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The command of an attempt: the plan's, with what changes from level to level filled in. */
function fillCommand({ plan, sessions }: Pick<DriveJob, "plan" | "sessions">): string[] {
  const seconds = Math.ceil((plan.warmup_ms + plan.duration_ms) / 1000);
  // This Deno need not be on the PATH.
  const command = (plan.command ?? []).map((part, index) => index === 0 && part === "deno" ? Deno.execPath() : part);
  return command.map((part) =>
    part.replaceAll("{sessions}", String(sessions.length)).replaceAll("{duration}", String(seconds))
      .replaceAll("{seed}", String(plan.seed))
  );
}

interface End {
  /** `null` where a signal ended it. */
  code: number | null;
  error?: string;
}

function endOf(tool: ChildProcess): Promise<End> {
  return new Promise((resolve) => {
    tool.once("error", ({ message }) => resolve({ code: null, error: message }));
    // `close` comes after all output has.
    tool.once("close", (code) => resolve({ code }));
  });
}

function signal(tool: ChildProcess, name: Deno.Signal): void {
  if (tool.pid === undefined) return;
  try {
    Deno.kill(Deno.build.os === "windows" ? tool.pid : -tool.pid, name);
  } catch { /* all of it has ended */ }
}
