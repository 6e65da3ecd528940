import type { HeldMemory } from "./hold_memory.ts";

/** Someone who watches: known by an id, held in memory until silent. */
export interface Viewer {
  readonly id: string;
  readonly memory: HeldMemory;
  /** Where the next poll of the chat reads on; `undefined` before the first. */
  cursor?: number;
  /** Open sockets. */
  sockets: number;
  /** Time of the last request, on the caller's clock [ms]. */
  seen_ms: number;
}

/** Everyone who watches. Times come in as arguments, memory through `hold`. */
export class Viewers {
  readonly #byId = new Map<string, Viewer>();
  readonly #hold: () => HeldMemory;
  readonly #silence_ms: number;

  /**
   * @param hold Takes the memory of one viewer.
   * @param silence_ms A viewer without a socket is forgotten after so long without a request [ms].
   */
  constructor(hold: () => HeldMemory, silence_ms: number) {
    this.#hold = hold;
    this.#silence_ms = silence_ms;
  }

  /** How many there are. */
  get count(): number {
    return this.#byId.size;
  }

  /** Memory held for all of them [bytes]. */
  get memory_bytes(): number {
    let bytes = 0;
    for (const viewer of this.#byId.values()) bytes += viewer.memory.bytes;
    return bytes;
  }

  /** Finds the viewer, or takes it in. */
  see(id: string, now_ms: number): Viewer {
    let viewer = this.#byId.get(id);
    if (viewer === undefined) {
      viewer = { id, memory: this.#hold(), sockets: 0, seen_ms: now_ms };
      this.#byId.set(id, viewer);
    }
    viewer.seen_ms = now_ms;
    return viewer;
  }

  /** Forgets the viewer if its last socket is closed. */
  leave(viewer: Viewer): void {
    viewer.sockets -= 1;
    if (viewer.sockets === 0) this.#forget(viewer);
  }

  /** Forgets all who have been silent for too long. */
  forgetSilent(now_ms: number): void {
    for (const viewer of this.#byId.values()) {
      if (viewer.sockets === 0 && now_ms - viewer.seen_ms >= this.#silence_ms) this.#forget(viewer);
    }
  }

  #forget(viewer: Viewer): void {
    viewer.memory.free();
    if (this.#byId.get(viewer.id) === viewer) this.#byId.delete(viewer.id);
  }
}
