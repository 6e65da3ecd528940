import assert from "node:assert/strict";
import { ChatRoom, composeMessage } from "../../src/demo/chat_room.ts";

const texts = (messages: string[]) => messages.map((message) => JSON.parse(message).text);

Deno.test("ChatRoom gives every reader every message once", () => {
  const room = new ChatRoom();
  room.post("anna", "before", 0);
  let cursor = room.cursor;
  room.post("anna", "one", 1);
  room.post("ben", "two", 2);
  const first = room.read(cursor);
  assert.deepEqual(texts(first.messages), ["one", "two"]);
  assert.equal(first.missed, 0);
  cursor = first.cursor;
  assert.deepEqual(room.read(cursor).messages, []);
  room.post("anna", "three", 3);
  assert.deepEqual(texts(room.read(cursor).messages), ["three"]);
});

Deno.test("ChatRoom counts what a slow reader missed", () => {
  const room = new ChatRoom(4);
  const { cursor } = room;
  for (let i = 0; i < 10; i++) room.post("anna", `${i}`, i);
  const { messages, missed } = room.read(cursor);
  assert.deepEqual(texts(messages), ["6", "7", "8", "9"]);
  assert.equal(missed, 6);
});

Deno.test("composeMessage() takes 200 to 300 bytes for a short text, whatever the number of messages before", () => {
  const size = (number: number) => composeMessage(number, "s-17", "How long is the quay?", Date.UTC(2026, 0, 1)).length;
  assert(size(0) >= 200 && size(0) <= 300, `${size(0)} bytes`);
  assert.equal(size(0), size(999_999_999));
});
