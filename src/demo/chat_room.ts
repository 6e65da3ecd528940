/** What one viewer reads of the room at once. */
export interface Reading {
  /** Messages, each as JSON text, oldest first. */
  messages: string[];
  /** Messages that the room had already forgotten. */
  missed: number;
  /** Where to read on. */
  cursor: number;
}

const FIRST_NAMES = ["Amber", "Brisk", "Calm", "Deep", "Early", "Fair", "Grey", "Harbour"];
const LAST_NAMES = ["Auk", "Buoy", "Cutter", "Dory", "Eider", "Frigate", "Gannet", "Heron"];
const COLOURS = ["#e07a5f", "#f2b05e", "#e3d081", "#8fc093", "#63b7af", "#6fa8dc", "#9d8ec7", "#d38fb0"];

/**
 * A chat room that remembers its last messages, for readers who keep a cursor.
 *
 * A message is 200 to 300 bytes of JSON for a short text. Its size does not grow with the number of messages before it.
 *
 * @example One message, read by one who was there before it
 * ```ts
 * import { ChatRoom } from "./chat_room.ts";
 * import assert from "node:assert/strict";
 *
 * const room = new ChatRoom();
 * const before = room.cursor;
 * room.post("anna", "Ahoy", 0);
 * assert.equal(JSON.parse(room.read(before).messages[0]).text, "Ahoy");
 * ```
 */
export class ChatRoom {
  readonly #kept: string[] = [];
  readonly #capacity: number;
  #posted = 0;

  /** @param capacity How many messages the room remembers. @default 4096 */
  constructor(capacity = 4096) {
    this.#capacity = capacity;
  }

  /** Where a reader starts who wants only what comes from now on. */
  get cursor(): number {
    return this.#posted;
  }

  /**
   * Adds a message.
   *
   * @param viewer Who says it.
   * @param text What is said.
   * @param at_epoch_ms When [ms since 1970].
   * @returns The message as JSON text.
   */
  post(viewer: string, text: string, at_epoch_ms: number): string {
    const message = composeMessage(this.#posted, viewer, text, at_epoch_ms);
    this.#kept[this.#posted % this.#capacity] = message;
    this.#posted += 1;
    return message;
  }

  /** Reads everything from `cursor` on that the room still remembers. */
  read(cursor: number): Reading {
    const oldest = Math.max(0, this.#posted - this.#capacity);
    const from = Math.max(cursor, oldest);
    const messages: string[] = [];
    for (let i = from; i < this.#posted; i++) messages.push(this.#kept[i % this.#capacity]);
    return { messages, missed: from - cursor, cursor: this.#posted };
  }
}

/** A chat message as JSON text: who, when, what. */
export function composeMessage(number: number, viewer: string, text: string, at_epoch_ms: number): string {
  let hash = 7;
  for (let i = 0; i < viewer.length; i++) hash = (Math.imul(hash, 31) + viewer.charCodeAt(i)) >>> 0;
  // Fibonacci hashing: ids that differ in one character get names far apart.
  hash = Math.imul(hash, 0x9e37_79b1) >>> 0;
  return JSON.stringify({
    id: `message-${String(number).padStart(9, "0")}`,
    room: "harbour-cam",
    kind: "text",
    author: {
      id: viewer,
      name: `${FIRST_NAMES[hash >>> 29]} ${LAST_NAMES[(hash >>> 26) % 8]}`,
      colour: COLOURS[(hash >>> 23) % 8],
      badges: ["viewer"],
    },
    sent_at: new Date(at_epoch_ms).toISOString(),
    text,
  });
}
