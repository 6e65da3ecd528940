import { flagTitle } from "../schema/flag_title.ts";
import { palette } from "../plot/mod.ts";
import { formatQuantity } from "../size/mod.ts";
import { escapeHtml } from "./kernel.ts";
import type { ProgressState } from "./progress_state.ts";

const GROUPS = ["target", "browser", "generator", "system"] as const;
const WIDTH = 640;
const HEIGHT = 90;
const DOT = "display: inline-block; width: 9px; height: 9px; border-radius: 5px; margin-right: 5px";
/** Flags that are written out; of more only the number. */
const FLAGS = 6;

/**
 * Draws the state of a sweep as a fragment of HTML. Colours of the text come from the notebook program, so that it reads
 * on dark backgrounds too.
 *
 * @param state What is known.
 * @returns One element.
 */
export function progressHtml(state: ProgressState): string {
  const whole = state.phase === "done" && state.end?.state !== "stopped" && state.end?.state !== "guarded";
  const share = whole ? 1 : state.total_ms > 0 ? Math.min(1, state.elapsed_ms / state.total_ms) : 0;
  const muted = "opacity: 0.65";
  return `<div style="max-width: ${WIDTH}px; font: 13px/1.5 var(--jp-ui-font-family, system-ui, sans-serif); color: inherit">` +
    `<div style="display: flex; justify-content: space-between"><b>${titleOf(state)}</b><span style="${muted}">${
      timeOf(state)
    }</span></div>` +
    `<div role="progressbar" aria-valuenow="${Math.round(share * 100)}" aria-label="${titleOf(state)}" ` +
    `style="height: 6px; border-radius: 3px; margin: 4px 0 10px; background-color: rgba(128, 128, 128, 0.25)">` +
    `<div style="height: 6px; border-radius: 3px; width: ${
      (share * 100).toFixed(1)
    }%; background-color: ${palette.accent}"></div></div>` +
    `${chartOf(state)}${groupsOf(state)}` +
    `<div style="${muted}">${escapeHtml(state.end?.reason ?? sessionsOf(state))}</div>${flagsOf(state)}</div>`;
}

/**
 * The state of a sweep in one line.
 *
 * @param state What is known.
 * @returns Text.
 */
export function progressText(state: ProgressState): string {
  const now = state.phase === "done" ? {} : state.cores;
  const cores = Object.entries(now).map(([group, value]) => `${group} ${formatQuantity(value, "cores")}`);
  return [titleOf(state), timeOf(state), state.end?.reason ?? "", ...cores].filter((part) => part !== "").join(" · ");
}

const ENDS = {
  complete: "Done",
  partial: "Done, but not complete",
  stopped: "Stopped; what is complete stays",
  guarded: "Ended by a guard; what is complete stays",
};

function titleOf({ phase, level, replicate, attempt, end }: ProgressState): string {
  switch (phase) {
    case "preflight":
      return "Checking that everything is in place";
    case "idle_before":
      return "Measuring the idle machine, before";
    case "idle_after":
      return "Measuring the idle machine, after";
    case "done":
      return ENDS[end?.state ?? "complete"];
    case "level":
      if (replicate === 0) return "Warming up; this part is not counted";
      return `${level} ${level === 1 ? "session" : "sessions"}, replicate ${replicate}` +
        `${(attempt ?? 1) > 1 ? `, attempt ${attempt}` : ""}`;
  }
}

function timeOf({ phase, index, of, elapsed_ms, total_ms }: ProgressState): string {
  if (phase === "done") return `${clock(elapsed_ms)} in all`;
  return `part ${index + 1} of ${of} · ${clock(total_ms - elapsed_ms)} left`;
}

function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (part: number) => String(part).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** By hand: a chart program would flicker and cost more CPU than what it shows, twice a second. */
function chartOf({ history, total_ms }: ProgressState): string {
  if (history.length < 2) return "";
  const top = Math.max(0.1, ...history.flatMap(({ cores }) => GROUPS.map((group) => cores[group] ?? 0)));
  const x = (elapsed_ms: number) => (elapsed_ms / total_ms * WIDTH).toFixed(1);
  const y = (cores: number) => (HEIGHT - 1 - cores / top * (HEIGHT - 18)).toFixed(1);
  const lines = GROUPS.filter((group) => history.some(({ cores }) => group in cores)).map((group) => {
    // A move begins each attempt: between two nothing was measured.
    const points = history.filter(({ cores }) => group in cores).map(({ elapsed_ms, part, cores }, i, own) =>
      `${part === own[i - 1]?.part ? "L" : "M"}${x(elapsed_ms)},${y(cores[group])}`
    );
    return `<path d="${points.join("")}" fill="none" stroke="${palette[group]}" stroke-width="1.5"/>`;
  });
  const rule = (cores: number) =>
    `<line x1="0" x2="${WIDTH}" y1="${y(cores)}" y2="${y(cores)}" stroke="currentColor" stroke-opacity="0.15"/>`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="100%" style="display: block; font-size: 11px">${rule(0)}${
    rule(top)
  }` +
    `${lines.join("")}<text x="0" y="11" fill="currentColor" opacity="0.65">${
      formatQuantity(top, "cores")
    }</text></svg>`;
}

function groupsOf({ phase, cores, memory_bytes }: ProgressState): string {
  const entries = GROUPS.filter((group) => group in cores).map((group) => {
    const memory = memory_bytes[group] === undefined ? [] : [formatQuantity(memory_bytes[group], "memory_bytes")];
    const now = phase === "done" ? [] : [formatQuantity(cores[group], "cores"), ...memory];
    const dot = `<span style="${DOT}; background-color: ${palette[group]}"></span>`;
    return `<span style="margin-right: 14px; white-space: nowrap">${dot}${group} ${now.join(", ")}</span>`;
  });
  return `<div style="margin-top: 4px">${entries.join("")}</div>`;
}

function sessionsOf({ live_sessions, iterations, errors }: ProgressState): string {
  if (live_sessions === undefined) return "";
  const failed = errors === 1 ? "1 error" : `${errors ?? 0} errors`;
  return `${live_sessions} live, ${iterations ?? 0} iterations, ${failed}`;
}

function flagsOf({ flags }: ProgressState): string {
  if (flags.length === 0) return "";
  const items = flags.slice(-FLAGS).map(({ level, replicate, name, reason }) =>
    `<li>${whatOf(level, replicate, name)}, <b>${escapeHtml(flagTitle(name))}</b>: ${escapeHtml(reason)}</li>`
  );
  const more = flags.length > FLAGS ? `<li>and ${flags.length - FLAGS} before</li>` : "";
  return `<ul style="margin: 6px 0 0; padding-left: 18px">${more}${items.join("")}</ul>`;
}

function whatOf(level: number, replicate: number, name: string): string {
  if (level > 0) return `${level} ${level === 1 ? "session" : "sessions"}, replicate ${replicate}`;
  return name === "busy_machine" ? "At rest" : "The sweep";
}
