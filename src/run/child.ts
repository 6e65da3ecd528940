import { jsonLines } from "./json_lines.ts";
import type { Agent } from "./agents.ts";
import type { FromChild, ToChild } from "./messages.ts";

const PINGS = 8;
const encoder = new TextEncoder();

/** What a child is, and what it may do. */
export interface ChildOptions {
  /** Its name in errors, for example `http agent`. */
  name: string;
  /** Permission flags of Deno. */
  permissions: string[];
  /** Called with every message but those that this class waits for itself. */
  onMessage?: (message: FromChild) => void;
}

/**
 * An agent or the sampler, as its coordinator sees it: a child process that talks JSON lines.
 *
 * @example A sampler
 * ```ts ignore
 * import { Child } from "./child.ts";
 * const child = new Child(new URL("./sampler_process.ts", import.meta.url), { name: "sampler", permissions: ["-A"] });
 * await child.ready;
 * ```
 */
export class Child implements Agent {
  readonly pid: number;
  /** Settles when the child says that it is ready, or has ended without. */
  readonly ready: Promise<Extract<FromChild, { type: "ready" }>>;
  /** Settles when the child has sealed its files, or has ended without. */
  readonly done: Promise<Extract<FromChild, { type: "done" }>>;
  #process: Deno.ChildProcess;
  #stdin: WritableStreamDefaultWriter<Uint8Array>;
  #pongs = new Map<number, (now_ms: number) => void>();

  constructor(entry: URL, readonly options: ChildOptions) {
    const config = new URL("../../deno.json", import.meta.url);
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", `--config=${filePath(config)}`, ...options.permissions, filePath(entry)],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#process = process;
    this.pid = process.pid;
    this.#stdin = process.stdin.getWriter();
    const ready = Promise.withResolvers<Extract<FromChild, { type: "ready" }>>();
    const done = Promise.withResolvers<Extract<FromChild, { type: "done" }>>();
    this.ready = ready.promise;
    this.done = done.promise;
    // Whoever waits gets the error; that nobody waits for one of the two is no error of its own.
    this.ready.catch(() => {});
    this.done.catch(() => {});
    const stderr = new Response(process.stderr).text().catch(() => "");
    let failure: Extract<FromChild, { type: "failed" }> | undefined;
    const reading = (async () => {
      for await (const line of jsonLines(process.stdout)) {
        const message = line as FromChild;
        if (message.type === "pong") this.#pongs.get(message.id)?.(message.now_ms);
        else if (message.type === "ready") ready.resolve(message);
        else if (message.type === "done") done.resolve(message);
        else if (message.type === "failed") failure = message;
        else options.onMessage?.(message);
      }
    })();
    Promise.allSettled([reading, process.status, stderr]).then(([read, status, text]) => {
      const code = status.status === "fulfilled" ? status.value.signal ?? status.value.code : "unknown";
      const said = failure?.reason || (read.status === "rejected" ? String(read.reason) : "") ||
        (text.status === "fulfilled" ? firstLines(text.value) : "");
      const error = new Error(`The ${options.name} ended early (${code})${said ? `: ${said}` : ""}`);
      if (failure?.code) Object.assign(error, { code: failure.code });
      ready.reject(error);
      done.reject(error);
    });
  }

  /** Says something to the child. What a child that has ended is told is lost; its end shows elsewhere. */
  tell(message: ToChild): void {
    this.#stdin.write(encoder.encode(JSON.stringify(message) + "\n")).catch(() => {});
  }

  /**
   * The child's monotonic clock minus ours [ms], from the fastest of eight round trips.
   *
   * @throws {Error} If the child ends meanwhile.
   */
  async clockOffset(): Promise<number> {
    let best = { round_trip_ms: Infinity, offset_ms: 0 };
    for (let id = 0; id < PINGS; id++) {
      const sent_ms = performance.now();
      const pong = new Promise<number>((resolve) => this.#pongs.set(id, resolve));
      this.tell({ type: "ping", id });
      // `done` rejects when the child ends: nobody waits for the answer of one that is gone.
      const theirs_ms = await Promise.race([pong, this.done.then(() => NaN)]);
      const round_trip_ms = performance.now() - sent_ms;
      if (round_trip_ms < best.round_trip_ms) {
        best = { round_trip_ms, offset_ms: theirs_ms - (sent_ms + round_trip_ms / 2) };
      }
    }
    return best.offset_ms;
  }

  /** Ends the child: its pipe closes, and what does not heed that within `grace_ms` is killed. */
  async end(grace_ms = 2000): Promise<void> {
    await this.#stdin.close().catch(() => {});
    const timer = setTimeout(() => this.kill(), grace_ms);
    await this.#process.status;
    clearTimeout(timer);
  }

  /** Ends the child at once. */
  kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch { /* it has ended already */ }
  }
}

function firstLines(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;]*m/g, "").trim().split("\n").slice(0, 3).join(" ");
}

function filePath(url: URL): string {
  return url.protocol === "file:" ? decodeURIComponent(url.pathname.replace(/^\/([A-Za-z]:)/, "$1")) : url.href;
}
