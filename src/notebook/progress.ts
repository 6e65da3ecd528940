import type { ProgressEvent } from "../schema/mod.ts";
import { kernel } from "./kernel.ts";
import { emptyProgress, nextProgress } from "./progress_state.ts";
import { progressHtml, progressText } from "./progress_html.ts";

/** A live view of a sweep. */
export interface ProgressView {
  /** The listener: `sweep(plan, { onProgress: view.update })`. Never throws. */
  update: (event: ProgressEvent) => void;
}

/** Between two drawings [ms]. */
const EVERY_MS = 500;

/**
 * Shows how a sweep goes, live and in place: what runs now, how long it will still take, the cores and memory of each
 * group, flags as they come. Outside a notebook it shows nothing.
 *
 * @returns The view; its `update` is the listener of one sweep.
 *
 * @example A sweep with its progress
 * ```ts ignore
 * import { progress, sweep } from "plimsoll";
 *
 * const run = await sweep({ url: "http://127.0.0.1:8080/" }, { onProgress: progress().update });
 * ```
 */
export function progress(): ProgressView {
  const jupyter = kernel();
  if (jupyter === undefined) return { update: () => {} };
  const display_id = `plimsoll-progress-${crypto.randomUUID()}`;
  let state = emptyProgress();
  let drawn_ms = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let displays = Promise.resolve();
  let update = false;

  const draw = () => {
    clearTimeout(timer);
    timer = undefined;
    drawn_ms = performance.now();
    const content = { "text/html": progressHtml(state), "text/plain": progressText(state) };
    const options = { raw: true, display_id, update };
    update = true;
    // One after the other: a late old picture must not replace a new one. What is lost is only a picture.
    displays = displays.then(() => jupyter.display(content, options)).catch(() => {});
  };
  return {
    update: (event) => {
      state = nextProgress(state, event);
      const wait_ms = drawn_ms + EVERY_MS - performance.now();
      if (wait_ms <= 0 || state.phase === "done") draw();
      else timer ??= setTimeout(draw, wait_ms);
    },
  };
}
