import { CookieJar } from "tough-cookie";

/** Once a cookie has expired, what is left is looked through again at most this often: times of cookies are in seconds. */
const LOOK_AGAIN_MS = 1000;
const MOST_PATHS = 100;

/**
 * The cookies of one session, as RFC 6265 has them. What a path is sent is looked up once, until something changes; a session
 * that is given none has nothing here.
 */
export class SessionCookies {
  #jar?: CookieJar;
  /** By URL without query. */
  #headers?: Map<string, string>;
  /** When a cookie may have expired, by the wall clock, as cookies have it. */
  #stale_ms = Infinity;

  /** Whether nothing was ever set. */
  get isEmpty(): boolean {
    return this.#jar === undefined;
  }

  /**
   * Takes what a response sets. What may not be set from there is left out.
   *
   * @param lines values of `set-cookie`.
   * @param url what was requested.
   */
  take(lines: readonly string[], url: string): void {
    this.#headers = new Map();
    this.#jar ??= new CookieJar(undefined, { rejectPublicSuffixes: false, looseMode: true });
    for (const line of lines) {
      const cookie = this.#jar.setCookieSync(line, url, { ignoreError: true });
      if (!cookie) continue;
      const expiry_ms = cookie.expiryTime() ?? Infinity;
      if (expiry_ms > Date.now()) this.#stale_ms = Math.min(this.#stale_ms, expiry_ms);
    }
  }

  /** The value of the `cookie` header for a request, empty where none is sent. */
  header(url: string): string {
    if (!this.#jar || !this.#headers) return "";
    const now_ms = Date.now();
    if (now_ms >= this.#stale_ms || this.#headers.size > MOST_PATHS) {
      this.#headers.clear();
      if (now_ms >= this.#stale_ms) this.#stale_ms = now_ms + LOOK_AGAIN_MS;
    }
    const query = url.indexOf("?");
    const place = query === -1 ? url : url.slice(0, query);
    let header = this.#headers.get(place);
    if (header === undefined) this.#headers.set(place, header = this.#jar.getCookieStringSync(place));
    return header;
  }
}
