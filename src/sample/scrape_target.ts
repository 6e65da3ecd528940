import http from "node:http";
import https from "node:https";
import { parseExposition } from "./parse_exposition.ts";
import { readTargetMetrics, TARGET_METRICS, type TargetMetrics } from "./read_target_metrics.ts";
import type { Sample } from "./sampler.ts";

const MOST_BYTES = 16 * 2 ** 20;

/** A page of metrics that says what the target uses. */
export interface ScrapeOptions {
  /** Of the page. */
  url: string;
  /** IP address of its host: where it connects to, whatever the name says by now. */
  address: string;
  /** Which series are the target's, see {@linkcode readTargetMetrics}. */
  labels?: Record<string, string>;
  /**
   * After this long the page counts as not read [ms].
   * @default 5000
   */
  timeout_ms?: number;
}

/**
 * Reads a page of metrics once. Redirects are not followed.
 *
 * @throws {Error} If it cannot be read in time, is no page of metrics, is larger than 16 MiB, or has no target.
 *
 * @example A machine with node_exporter
 * ```ts ignore
 * import { scrapeTarget } from "./scrape_target.ts";
 * const { kind, row } = await scrapeTarget({ url: "http://127.0.0.1:9100/metrics", address: "127.0.0.1" });
 * ```
 */
export async function scrapeTarget(options: ScrapeOptions): Promise<TargetMetrics> {
  const page = await readPage(new URL(options.url), options);
  return readTargetMetrics(parseExposition(page, { wanted: TARGET_METRICS }), options.labels);
}

/**
 * Follows a target by its page of metrics. A page that cannot be read leaves no row, and is counted.
 *
 * @example One row
 * ```ts ignore
 * import { TargetScraper } from "./scrape_target.ts";
 * const scraper = new TargetScraper({ url: "http://127.0.0.1:9100/metrics", address: "127.0.0.1" });
 * await scraper.scrape(() => performance.now());
 * ```
 */
export class TargetScraper {
  /** Pages that could not be read. */
  failed = 0;
  #agent: http.Agent;
  #last_ms?: number;
  #cpu_ms = 0;

  constructor(readonly options: ScrapeOptions) {
    const { Agent } = options.url.startsWith("https:") ? https : http;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  /**
   * Reads the page.
   *
   * @param now the clock of rows: they have the time at which the page came.
   * @returns the target's row, its CPU time counted from the first page on; nothing if there is no page.
   */
  async scrape(now: () => number): Promise<Sample | undefined> {
    try {
      const page = await readPage(new URL(this.options.url), this.options, this.#agent);
      const t_ms = Math.max(0, Math.round(now() * 1000) / 1000);
      const { row } = readTargetMetrics(parseExposition(page, { wanted: TARGET_METRICS }), this.options.labels);
      const before_ms = this.#last_ms ?? row.cpu_ms;
      this.#last_ms = row.cpu_ms;
      // A counter that has fallen has been started anew.
      this.#cpu_ms += row.cpu_ms < before_ms ? row.cpu_ms : row.cpu_ms - before_ms;
      return { t_ms, group: "target", ...row, cpu_ms: Math.round(this.#cpu_ms * 1000) / 1000 };
    } catch {
      this.failed++;
      return undefined;
    }
  }

  /** Closes its connection. */
  close(): void {
    this.#agent.destroy();
  }
}

function readPage(url: URL, { address, timeout_ms = 5000 }: ScrapeOptions, agent?: http.Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === "https:" ? https : http;
    const timer = setTimeout(() => fail(`it did not come within ${timeout_ms / 1000} s`), timeout_ms);
    const asked = request({
      host: address,
      port: url.port || undefined,
      path: url.pathname + url.search,
      servername: url.hostname.replace(/^\[|\]$/g, ""),
      headers: { host: url.host, accept: "text/plain;version=0.0.4", "accept-encoding": "identity" },
      ...(agent ? { agent } : { agent: false }),
    }, (response) => {
      if (response.statusCode !== 200) return fail(`its status is ${response.statusCode}`);
      const chunks: Uint8Array[] = [];
      let length = 0;
      response.on("data", (chunk: Uint8Array) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > MOST_BYTES) fail(`it is larger than ${MOST_BYTES / 2 ** 20} MiB`);
      });
      response.on("error", (error: Error) => fail(error.message));
      response.on("end", () => {
        clearTimeout(timer);
        resolve(new TextDecoder().decode(concat(chunks, length)));
      });
    });
    const fail = (reason: string) => {
      clearTimeout(timer);
      asked.destroy();
      reject(new Error(`Cannot read ${url.origin}${url.pathname}: ${reason}`));
    };
    asked.on("error", (error: Error) => fail(error.message));
    asked.end();
  });
}

function concat(chunks: Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
