import { LinuxSampler } from "./linux_sampler.ts";
import { PortableSampler } from "./portable_sampler.ts";
import type { Sampler } from "./sampler.ts";

/**
 * The best sampler for this system.
 *
 * @param os the operating system, as `Deno.build.os` names it.
 *
 * @example
 * ```ts
 * import { makeSampler } from "./make_sampler.ts";
 * makeSampler("darwin").kind; // "portable"
 * ```
 */
export function makeSampler(os: string = Deno.build.os): Sampler {
  return os === "linux" ? new LinuxSampler() : new PortableSampler();
}
