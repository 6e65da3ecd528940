let controller: AbortController | undefined;

/**
 * Makes Stop (the notebook's interrupt, or Ctrl-C) end a sweep instead of the kernel: what was measured so far stays.
 *
 * Without a listener of its own the kernel dies of the interrupt, and all variables with it.
 *
 * @returns A signal that aborts at the next Stop. After a Stop, the next call gives a fresh one.
 *
 * @example A sweep that can be stopped
 * ```ts ignore
 * import { cancelOnStop, sweep } from "plimsoll";
 *
 * const run = await sweep({ url: "http://127.0.0.1:8080/" }, { signal: cancelOnStop() });
 * ```
 */
export function cancelOnStop(): AbortSignal {
  if (controller === undefined) {
    Deno.addSignalListener("SIGINT", () => controller?.abort(new DOMException("stopped by the user", "AbortError")));
  }
  if (controller === undefined || controller.signal.aborted) controller = new AbortController();
  return controller.signal;
}
