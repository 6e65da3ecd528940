import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";

const POLL_MS = 500;
/** The sweep ends when less than this is free on the run's disk: seals and the manifest still have to be written. */
const RESERVE = { bytes: 256 * 2 ** 20, part: 0.02 };
/** Artifacts are given up earlier, at this many times the reserve. */
const ARTIFACT_RESERVES = 4;

/** Why a sweep ends before its time. */
export interface StopReason {
  reason: string;
  /** A guard ended it, not a person. */
  guard: boolean;
}

/**
 * Watches what may end a running sweep from outside: its signal, a file `STOP` in the run's folder, a disk that fills.
 *
 * @example Around a sweep
 * ```ts ignore
 * import { Guards } from "./guards.ts";
 * using guards = new Guards("data/runs/first");
 * guards.stop.addEventListener("abort", () => guards.stop.reason.reason);
 * ```
 */
export class Guards implements Disposable {
  #stop = new AbortController();
  #drop = new AbortController();
  #timer: ReturnType<typeof setInterval>;
  #onAbort = () =>
    this.end({ reason: String(this.signal?.reason?.message ?? this.signal?.reason ?? "stopped"), guard: false });

  constructor(readonly path: string, readonly signal?: AbortSignal) {
    if (signal?.aborted) this.#onAbort();
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#timer = setInterval(() => this.#look(), POLL_MS);
  }

  /** Aborts when the sweep is to end, with a {@linkcode StopReason}. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborts when no more artifacts may be written, with the reason in words. */
  get drop(): AbortSignal {
    return this.#drop.signal;
  }

  /** Ends the sweep. Only the first reason counts. */
  end(reason: StopReason): void {
    if (!this.#stop.signal.aborted) this.#stop.abort(reason);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.signal?.removeEventListener("abort", this.#onAbort);
  }

  async #look(): Promise<void> {
    if (existsSync(join(this.path, "STOP"))) this.end({ reason: "there is a file STOP in its folder", guard: false });
    const disk = await diskSpace(this.path);
    if (disk.free_bytes < disk.reserve_bytes) {
      this.end({ reason: `only ${inMegabytes(disk.free_bytes)} are free on the disk of the run`, guard: true });
    } else if (disk.free_bytes < ARTIFACT_RESERVES * disk.reserve_bytes && !this.#drop.signal.aborted) {
      this.#drop.abort(`only ${inMegabytes(disk.free_bytes)} are free on the disk of the run`);
    }
  }
}

/**
 * What is free to this user on the disk of a folder, and how much of it a sweep leaves alone: 2 %, at most 256 MiB.
 * A file system that does not say how large it is has no reserve.
 */
export async function diskSpace(path: string): Promise<{ free_bytes: number; reserve_bytes: number }> {
  try {
    const { bsize, bavail, blocks } = await statfs(path);
    if (blocks === 0) return { free_bytes: Infinity, reserve_bytes: 0 };
    return { free_bytes: bavail * bsize, reserve_bytes: Math.min(RESERVE.bytes, RESERVE.part * blocks * bsize) };
  } catch {
    return { free_bytes: Infinity, reserve_bytes: 0 };
  }
}

/** A number of bytes for a sentence. */
export function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
