import { type FlagName, FLAGS } from "./levels.ts";

/**
 * The words for a flag, for a terminal, a page or a plot.
 *
 * @param name A name of {@linkcode FLAGS}, or of what a sweep tells beside flags.
 * @returns Lower case; of an unknown name its own words.
 *
 * @example A flag
 * ```ts
 * import { flagTitle } from "./flag_title.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(flagTitle("hysteresis"), "target remembers");
 * assert.equal(flagTitle("attempt_failed"), "attempt failed");
 * ```
 */
export function flagTitle(name: string): string {
  return name in FLAGS ? FLAGS[name as FlagName].title : name.replaceAll("_", " ");
}
