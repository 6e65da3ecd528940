import type { Mode } from "../schema/plan.ts";

/** What the machine has, as far as the choice of levels goes. */
export interface Machine {
  /** Logical cores. */
  cores: number;
  /** Physical memory. */
  memory_bytes: number;
}

// What one session took in trials, rounded up: a guess that only has to get the order of magnitude.
const BROWSER_SESSION = { cores: 0.15, memory_bytes: 150e6 };
const HTTP_SESSIONS_PER_CORE = 32;

/**
 * Levels for a machine that nobody has measured yet: doubling from 1, at least six of them over HTTP.
 *
 * @returns levels [sessions], ascending.
 *
 * @example Two cores
 * ```ts
 * import { defaultLevels } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(defaultLevels("http", { cores: 2, memory_bytes: 8e9 }), [1, 2, 4, 8, 16, 32, 64]);
 * assert.deepEqual(defaultLevels("playwright", { cores: 2, memory_bytes: 8e9 }), [1, 2, 3, 4, 6, 8]);
 * ```
 */
export function defaultLevels(mode: Mode, machine: Machine): number[] {
  if (mode === "http") {
    const top = Math.max(32, machine.cores * HTTP_SESSIONS_PER_CORE);
    return doubling(top);
  }
  const byCpu = 0.7 * machine.cores / BROWSER_SESSION.cores;
  const byMemory = 0.5 * machine.memory_bytes / BROWSER_SESSION.memory_bytes;
  const top = Math.max(4, Math.floor(Math.min(byCpu, byMemory, 64)));
  return [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64].filter((level) => level <= top);
}

function doubling(top: number): number[] {
  const levels = [];
  for (let level = 1; level <= top; level *= 2) levels.push(level);
  return levels;
}
