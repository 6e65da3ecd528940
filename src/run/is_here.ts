import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

/**
 * Whether an address is this machine's.
 *
 * @param address as resolved, for example `127.0.0.1`.
 *
 * @example
 * ```ts
 * import { isHere } from "./is_here.ts";
 * import assert from "node:assert/strict";
 *
 * assert(isHere("127.0.0.1") && !isHere("192.0.2.1"));
 * ```
 */
export function isHere(address: string): boolean {
  if (/^127\./.test(address) || (isIPv6(address) && /^(::1|::ffff:127\..*)$/.test(address))) return true;
  return Object.values(networkInterfaces()).some((own) => own?.some((one) => one.address === address));
}
