import { fileURLToPath } from "node:url";
import { DEFAULT_SETTINGS, type StreamerSettings } from "./settings.ts";
import type { Truth, TruthWindow } from "./truth.ts";

/** A Streamer that runs in a process of its own. */
export interface Streamer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Sets a mark; pass it to `truth` for what was done since. */
  mark(): Promise<string>;
  /** What the Streamer has done so far, and since `mark` if there is one. */
  truth(mark?: string): Promise<Truth>;
  /** What it did between two times [ms since 1970]; two minutes back, or more. */
  window(from_epoch_ms: number, to_epoch_ms: number): Promise<TruthWindow>;
  /** Ends the process and waits for its end. */
  close(): Promise<void>;
}

/**
 * Starts the Streamer as a process of its own and waits until it is ready. It needs all permissions.
 *
 * @param settings What differs from the defaults.
 * @throws {Error} If the process ends before it is ready.
 *
 * @example Watching for a moment
 * ```ts ignore
 * await using streamer = await startStreamer({ cpu_ms: 2 });
 * await (await fetch(`${streamer.url}api/frame?viewer=anna`)).body?.cancel();
 * console.log((await streamer.truth()).api_requests); // 1
 * ```
 */
export async function startStreamer(settings: Partial<StreamerSettings> = {}): Promise<Streamer> {
  const all = { ...DEFAULT_SETTINGS, ...settings };
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-lock",
      `--config=${fileURLToPath(new URL("../../deno.json", import.meta.url))}`,
      fileURLToPath(new URL("./main.ts", import.meta.url)),
      `--port=${all.port}`,
      `--cpu-ms=${all.cpu_ms}`,
      `--lock-ms=${all.lock_ms}`,
      `--memory-mb=${all.memory_mb}`,
      `--fps=${all.fps}`,
      `--frame-bytes=${all.frame_bytes}`,
      `--silence-ms=${all.silence_ms}`,
      ...(all.broadcast ? [] : ["--no-broadcast"]),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  // Else it would outlive a program that ends without close().
  const end = () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
  };
  globalThis.addEventListener("unload", end);

  const line = await firstLine(child.stdout);
  if (line === null) {
    globalThis.removeEventListener("unload", end);
    throw new Error(`Cannot start the Streamer: its process ended with code ${(await child.status).code}`);
  }
  const { url, port, pid } = JSON.parse(line) as { url: string; port: number; pid: number };

  async function close(): Promise<void> {
    globalThis.removeEventListener("unload", end);
    end();
    await child.status;
  }
  return {
    url,
    port,
    pid,
    mark: async () => (await ask<{ mark: string }>(`${url}truth/mark`, "POST")).mark,
    truth: (mark) => ask<Truth>(mark === undefined ? `${url}truth` : `${url}truth?mark=${mark}`),
    window: (from, to) => ask<TruthWindow>(`${url}truth/window?from=${from}&to=${to}`),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function ask<T>(url: string, method = "GET"): Promise<T> {
  const response = await fetch(url, { method });
  if (!response.ok) throw new Error(`The Streamer answered ${response.status}: ${await response.text()}`);
  return await response.json();
}

async function firstLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string | null> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
  return null;
}
