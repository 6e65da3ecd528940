import { InputError } from "../schema/input_error.ts";

const RIGHT = "an http or https URL on loopback, for example http://127.0.0.1:8080/";

/** The flag of the URL that is loaded. */
const LOADED = "--url";

/**
 * Decides whether a URL may be loaded, as far as its text tells. Its addresses are checked by {@linkcode checkAddresses}.
 *
 * Loopback needs no word. Any other host needs consent that names exactly this host and port. Where more than one URL is used,
 * consent names each, with commas.
 *
 * @param text the URL as given.
 * @param consent the value of `--i-may-load-test`, `HOST:PORT`.
 * @param field the flag that gave it; that of the load by default.
 * @returns the parsed URL.
 * @throws {InputError} If it is no http(s) URL, carries credentials, writes an address in disguise, or lacks consent.
 *
 * @example Loopback, and a host without consent
 * ```ts
 * import { checkUrl } from "./check_url.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(checkUrl("http://127.0.0.1:8080/").port, "8080");
 * assert.throws(() => checkUrl("http://198.51.100.7/"), { name: "InputError" });
 * ```
 */
export function checkUrl(text: string, consent?: string, field = LOADED): URL {
  if (!URL.canParse(text)) throw new InputError(field, redacted(text), RIGHT);
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new InputError(field, redacted(text), RIGHT);
  if (url.username || url.password) {
    throw new InputError(field, redacted(text), `${RIGHT}, without user name and password`);
  }
  // The URL parser turns 127.1 and 0x7f000001 into 127.0.0.1: what is loaded must be what is read.
  const written = /^[a-z]+:\/\/(\[[^\]]*\]|[^/?#:]*)/i.exec(text)?.[1].toLowerCase();
  if (written !== url.hostname) {
    throw new InputError(field, text, `the host as it is, ${url.hostname}, so that nobody misreads it`);
  }
  if (isMetadataAddress(url.hostname)) {
    throw new InputError(field, text, "a host of yours: link-local and metadata addresses are never loaded");
  }
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const asked = `${url.hostname}:${port}`;
  if (consent === undefined) {
    if (isLoopbackName(url.hostname)) return url;
    const both = field === LOADED ? asked : `HOST:PORT,${asked}`;
    throw new InputError(field, text, `a loopback URL, or add --i-may-load-test=${both} if that host is yours to load`);
  }
  if (consent.split(",").includes(asked)) return url;
  if (field === LOADED) {
    throw new InputError("--i-may-load-test", consent, `exactly the URL's host and port, ${asked}`);
  }
  if (isLoopbackName(url.hostname)) return url;
  throw new InputError(field, text, `a loopback URL, or name it too: --i-may-load-test=${consent},${asked}`);
}

/**
 * Decides whether the addresses that a host name resolves to may be loaded.
 *
 * @param field the flag that gave the host; that of the load by default.
 * @throws {InputError} If one is a metadata address, or none is consented to and one is not loopback.
 *
 * @example A name that does not stay at home
 * ```ts
 * import { checkAddresses } from "./check_url.ts";
 * import assert from "node:assert/strict";
 *
 * checkAddresses("localhost", ["127.0.0.1", "::1"], false);
 * assert.throws(() => checkAddresses("localhost", ["127.0.0.1", "198.51.100.7"], false), { name: "InputError" });
 * ```
 */
export function checkAddresses(
  host: string,
  addresses: readonly string[],
  consented: boolean,
  field = LOADED,
): void {
  for (const address of addresses) {
    if (isMetadataAddress(address)) {
      throw new InputError(field, `${host} (${address})`, "a host that does not resolve to a link-local address");
    }
    if (!consented && !isLoopbackAddress(address)) {
      throw new InputError(field, `${host} (${address})`, "a host whose every address is loopback");
    }
  }
}

/**
 * Whether a host, as a URL writes it, is this machine.
 *
 * @example A name that only begins like an address is not
 * ```ts
 * import { isLoopbackName } from "./check_url.ts";
 * import assert from "node:assert/strict";
 *
 * assert(isLoopbackName("[::1]") && isLoopbackName("127.0.0.1") && !isLoopbackName("127.example"));
 * ```
 */
export function isLoopbackName(host: string): boolean {
  return host === "localhost" || isLoopbackAddress(host.replace(/^\[|\]$/g, ""));
}

function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

function isMetadataAddress(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, "").toLowerCase();
  return /^169\.254\./.test(address) || /^fe[89ab]/.test(address) || address === "fd00:ec2::254" ||
    address.startsWith("::ffff:") || address === "metadata.google.internal" || address === "metadata";
}

/** An address without user and password. */
export function redacted(text: string): string {
  return text.replace(/\/\/[^/@]*@/, "//***@");
}
