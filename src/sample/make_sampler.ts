import { LinuxSampler } from "./linux_sampler.ts";
import { PortableSampler } from "./portable_sampler.ts";
import type { Sampler } from "./sampler.ts";

/** Settings of {@linkcode makeSampler}. */
export interface SamplerOptions {
  /**
   * The operating system, as `Deno.build.os` names it.
   * @default this one
   */
  os?: string;
  /**
   * How long memory that has not changed may go unread [ms].
   * @default 5000
   */
  memory_every_ms?: number;
}

/**
 * The best sampler for this system.
 *
 * @example Anything but Linux
 * ```ts
 * import { makeSampler } from "./make_sampler.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(makeSampler({ os: "darwin" }).kind, "portable");
 * ```
 */
export function makeSampler({ os = Deno.build.os, memory_every_ms }: SamplerOptions = {}): Sampler {
  return os === "linux" ? new LinuxSampler(memory_every_ms) : new PortableSampler();
}
