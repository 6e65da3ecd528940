import { LinuxSampler } from "./linux_sampler.ts";
import { PortableSampler } from "./portable_sampler.ts";
import type { Sampler } from "./sampler.ts";

/**
 * The best sampler for this system.
 *
 * @param os the operating system, as `Deno.build.os` names it.
 *
 * @example Anything but Linux
 * ```ts
 * import { makeSampler } from "./make_sampler.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(makeSampler("darwin").kind, "portable");
 * ```
 */
export function makeSampler(os: string = Deno.build.os): Sampler {
  return os === "linux" ? new LinuxSampler() : new PortableSampler();
}
