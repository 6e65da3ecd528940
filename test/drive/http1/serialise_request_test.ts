import assert from "node:assert/strict";
import { type HttpMessage, serialiseRequest } from "../../../src/drive/http1/mod.ts";

const text = (message: Partial<HttpMessage>) =>
  new TextDecoder("latin1").decode(
    serialiseRequest({ method: "GET", path: "/", headers: { host: "a" }, ...message }).bytes,
  );
const lines = (...all: string[]) => all.join("\r\n");

Deno.test("serialiseRequest() writes what the protocol wants", () => {
  const cases: [what: string, message: Partial<HttpMessage>, expected: string][] = [
    ["GET", {}, lines("GET / HTTP/1.1", "host: a", "connection: keep-alive", "", "")],
    ["a query", { path: "/a?b=%20" }, lines("GET /a?b=%20 HTTP/1.1", "host: a", "connection: keep-alive", "", "")],
    [
      "a body's length is that of its bytes",
      { method: "POST", body: "€" },
      lines("POST / HTTP/1.1", "host: a", "connection: keep-alive", "content-length: 3", "", "\xe2\x82\xac"),
    ],
    [
      "a body of bytes",
      { method: "PUT", body: new Uint8Array([1, 255]) },
      lines("PUT / HTTP/1.1", "host: a", "connection: keep-alive", "content-length: 2", "", "\x01\xff"),
    ],
    [
      "POST without a body says so",
      { method: "POST" },
      lines("POST / HTTP/1.1", "host: a", "connection: keep-alive", "content-length: 0", "", ""),
    ],
    [
      "the last of two spellings counts, and no length but ours",
      { headers: { host: "a", "User-Agent": "x", "user-agent": "y", "Content-Length": "999" }, body: "12" },
      lines("GET / HTTP/1.1", "host: a", "user-agent: y", "connection: keep-alive", "content-length: 2", "", "12"),
    ],
    [
      "close",
      { headers: { host: "a", Connection: "close" } },
      lines("GET / HTTP/1.1", "host: a", "connection: close", "", ""),
    ],
  ];
  for (const [what, message, expected] of cases) {
    // TextDecoder's Latin-1 is windows-1252; the characters used here are the same in both but for two.
    assert.equal(text(message), expected.replace("\x82", "‚"), what);
  }
});

Deno.test("serialiseRequest() lets no part end early", () => {
  const cases: [what: string, message: Partial<HttpMessage>, expected: RegExp][] = [
    ["a line end in the path", { path: "/ HTTP/1.1\r\nx: y" }, /its path must be without blanks/],
    ["an empty path", { path: "" }, /its path must be/],
    ["a path beyond Latin-1", { path: "/€" }, /percent-encoded/],
    ["a blank in the method", { method: "GET /" }, /its method must be a word/],
    ["a line end in a value", { headers: { host: "a", x: "y\r\nz: 1" } }, /header x as its value must be one line/],
    ["NUL in a value", { headers: { host: "a", x: "y\0" } }, /header x as its value/],
    ["a colon in a name", { headers: { host: "a", "x: y": "" } }, /its name must be a word/],
    ["no host", { headers: {} }, /must have a host/],
    [
      "another framing",
      { headers: { host: "a", "Transfer-Encoding": "chunked" } },
      /transfer-encoding must be left out/,
    ],
  ];
  for (const [what, message, expected] of cases) {
    assert.throws(() => text(message), { name: "TypeError", message: expected }, what);
  }
});
