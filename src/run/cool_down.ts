import { cpus } from "node:os";
import { isQuiet } from "../quality/mod.ts";
import { busyTime } from "../sample/busy_time.ts";
import type { CoolDown } from "../schema/run.ts";
import { pause } from "./pause.ts";

/** Length of a look at the machine: two of them are what a quiet one costs. */
const LOOK_MS = 150;

/**
 * Waits until the machine is as quiet as at rest, whatever keeps it busy: a browser that ends, a target that works off its
 * queue, somebody else.
 *
 * @param rest_cores What all of the machine uses at rest [logical cores].
 * @param limit_ms The longest wait.
 * @param signal Ends the wait.
 * @returns What was waited, and whether it has become quiet.
 *
 * @example Before an attempt
 * ```ts ignore
 * import { coolDown } from "./cool_down.ts";
 * const { quiet } = await coolDown(0.05, 5000, new AbortController().signal);
 * ```
 */
export async function coolDown(rest_cores: number, limit_ms: number, signal: AbortSignal): Promise<CoolDown> {
  const rest = { rest_cores, machine_cores: cpus().length };
  const looks: number[] = [];
  const began_ms = performance.now();
  for (let [then_ms, busy_ms] = [began_ms, busyTime()];;) {
    await pause(LOOK_MS, signal);
    const [now_ms, all_ms] = [performance.now(), busyTime()];
    looks.push((all_ms - busy_ms) / (now_ms - then_ms));
    [then_ms, busy_ms] = [now_ms, all_ms];
    const quiet = isQuiet(looks, rest);
    if (!quiet && now_ms - began_ms < limit_ms && !signal.aborted) continue;
    return {
      waited_ms: Math.round(now_ms - began_ms),
      quiet,
      busy_cores: rounded(looks.at(-1)!),
      rest_cores: rounded(rest_cores),
    };
  }
}

function rounded(cores: number): number {
  return Math.round(1000 * cores) / 1000;
}
