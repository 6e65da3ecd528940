import process from "node:process";
import { flagTitle } from "../schema/flag_title.ts";
import { FLAGS } from "../schema/levels.ts";
import type { ProgressEvent } from "../schema/progress.ts";

/** What removes the line that changes. */
export const CLEAR_LINE = "\r\x1b[K";

/**
 * Shows a sweep's progress on standard error: on a terminal one line that changes, elsewhere a line a phase.
 *
 * @returns the listener for `onProgress`.
 */
export function terminalProgress(): (event: ProgressEvent) => void {
  const live = process.stderr.isTTY === true;
  let head = "";
  let open = false;
  return (event) => {
    if (event.kind === "phase") {
      if (open) process.stderr.write(CLEAR_LINE);
      open = false;
      if (event.phase === "done" || event.phase === "preflight") return;
      head = `[${String(event.index + 1).padStart(2)}/${event.of}] ${phaseName(event)}`;
      if (live) process.stderr.write(head);
      else process.stderr.write(`${head.padEnd(44)} about ${clock(event.remaining_ms)} left\n`);
      open = live;
    } else if (event.kind === "sample" && live) {
      const cores = Object.entries(event.cores).filter(([group]) => group !== "system")
        .map(([group, value]) => `${group} ${value.toFixed(2)}`).join(", ");
      const errors = event.errors > 0 ? `, ${event.errors} errors` : "";
      process.stderr.write(
        `${CLEAR_LINE}${head}: ${(event.t_ms / 1000).toFixed(0)} s, ${event.live_sessions} live, ` +
          `${event.iterations} iterations${errors}; cores: ${cores}`,
      );
      open = true;
    } else if (event.kind === "flag") {
      process.stderr.write(
        `${live ? CLEAR_LINE : ""}  ${flagText(event)}\n`,
      );
    }
  };
}

function flagText({ level, replicate, name, reason }: Extract<ProgressEvent, { kind: "flag" }>): string {
  const title = flagTitle(name);
  if (level > 0) return `${level} ${level === 1 ? "session" : "sessions"}, replicate ${replicate}: ${title}: ${reason}`;
  return name in FLAGS ? `${title[0].toUpperCase()}${title.slice(1)}: ${reason}` : reason;
}

function phaseName(event: Extract<ProgressEvent, { kind: "phase" }>): string {
  if (event.phase === "idle_before") return "machine at rest, before";
  if (event.phase === "idle_after") return "machine at rest, after";
  const sessions = `${event.level} ${event.level === 1 ? "session" : "sessions"}`;
  const again = (event.attempt ?? 1) > 1 ? `, attempt ${event.attempt}` : "";
  if (event.replicate === 0) return `${sessions}, to warm up (not counted)${again}`;
  return `${sessions}, replicate ${event.replicate}${again}`;
}

/** A duration as `m:ss`, or `h:mm:ss` from an hour on. */
export function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}
