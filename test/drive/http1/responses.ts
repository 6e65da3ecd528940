/** A whole response that a client has to understand, as bytes in Latin-1. */
export interface WholeResponse {
  text: string;
  /** @default "GET" */
  method?: "GET" | "HEAD" | "POST";
  /** The server closes the connection after it. @default false */
  closes?: boolean;
  /** Where undici is stricter than RFC 9112, or wrong: what it does, and what is right. */
  undici?: { does: "refuse" | "drop"; right?: { status: number; headers: Record<string, string[]>; body: string } };
}

const lines = (...all: string[]) => all.join("\r\n");

/** Responses by what is special about them. */
export const RESPONSES: Record<string, WholeResponse> = {
  "content-length": { text: lines("HTTP/1.1 200 OK", "Content-Length: 5", "", "hello") },
  "no body at all": { text: lines("HTTP/1.1 200 OK", "Content-Length: 0", "", "") },
  "no blank after the colon": { text: lines("HTTP/1.1 200 OK", "content-length:5", "", "hello") },
  "blanks and tabs about a value": {
    text: lines("HTTP/1.1 200 OK", "Content-Length:   5  ", "X: \t a b ", "Y:\tc", "", "hello"),
  },
  "a tab after a length": {
    text: lines("HTTP/1.1 200 OK", "Content-Length: \t5 \t", "", "hello"),
    undici: { does: "refuse", right: { status: 200, headers: { "content-length": ["5"] }, body: "hello5" } },
  },
  "names in odd case": { text: lines("HTTP/1.1 200 OK", "CONTENT-length: 5", "x-ODD: Yes", "", "hello") },
  "an empty value": { text: lines("HTTP/1.1 200 OK", "X-Empty:", "Content-Length: 2", "", "ok") },
  "no reason": { text: lines("HTTP/1.1 200 ", "Content-Length: 2", "", "ok") },
  "neither reason nor blank": { text: lines("HTTP/1.1 200", "Content-Length: 2", "", "ok") },
  "a long reason": { text: lines(`HTTP/1.1 200 ${"Very ".repeat(50)}OK`, "Content-Length: 2", "", "ok") },
  "an unusual status": { text: lines("HTTP/1.1 299 Fine", "Content-Length: 2", "", "ok") },
  "an error with a body": { text: lines("HTTP/1.1 404 Not Found", "Content-Length: 4", "", "gone") },
  "an error in chunks": { text: lines("HTTP/1.1 500 No", "Transfer-Encoding: chunked", "", "2", "no", "0", "", "") },
  "the same name twice": {
    text: lines("HTTP/1.1 200 OK", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2", "Content-Length: 2", "", "ok"),
  },
  "a folded value": {
    text: lines("HTTP/1.1 200 OK", "X-Folded: one", "  two", "\tthree", "Content-Length: 2", "", "ok"),
    undici: {
      does: "refuse",
      right: { status: 200, headers: { "x-folded": ["one two three"], "content-length": ["2"] }, body: "ok2" },
    },
  },
  "many headers": {
    text: lines(
      "HTTP/1.1 200 OK",
      ...Array.from({ length: 90 }, (_, n) => `x-${n}: ${n}`),
      "Content-Length: 2",
      "",
      "ok",
    ),
  },
  "a long header": { text: lines("HTTP/1.1 200 OK", `x-long: ${"y".repeat(8000)}`, "Content-Length: 2", "", "ok") },
  "a body that looks like a response": {
    text: lines("HTTP/1.1 200 OK", "Content-Length: 38", "", "HTTP/1.1 200 OK", "Content-Length: 0", "", ""),
  },
  "bytes of all values": {
    text: lines("HTTP/1.1 200 OK", "Content-Length: 256", "", String.fromCharCode(...Array(256).keys())),
  },
  chunked: {
    text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5", "hello", "7", ", world", "0", "", ""),
  },
  "chunked, empty": { text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "0", "", "") },
  "chunked, extensions": {
    text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5;name=value", "hello", '0;last="yes"', "", ""),
  },
  "chunked, trailers": {
    text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5", "hello", "0", "X-Sum: 1", "X-End: 2", "", ""),
  },
  "chunked, sizes in both cases and with zeros": {
    text: lines(
      "HTTP/1.1 200 OK",
      "Transfer-Encoding: Chunked",
      "",
      "00a",
      "0123456789",
      "B",
      "0123456789a",
      "000",
      "",
      "",
    ),
  },
  "chunked after another coding": {
    text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked", "", "2", "ok", "0", "", ""),
  },
  "chunks with line ends in them": {
    text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "8", "\r\n0\r\n\r\n\n", "0", "", ""),
  },
  "until the end of the connection": { text: lines("HTTP/1.1 200 OK", "X: y", "", "all of this"), closes: true },
  "until the end, asked to close": { text: lines("HTTP/1.1 200 OK", "Connection: close", "", "all"), closes: true },
  "until the end, nothing": { text: lines("HTTP/1.1 200 OK", "Connection: close", "", ""), closes: true },
  "another coding than chunked, last": {
    text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: gzip", "", "packed"),
    closes: true,
  },
  "connection: close with a length": {
    text: lines("HTTP/1.1 200 OK", "Connection: close", "Content-Length: 2", "", "ok"),
  },
  "close among other words": {
    text: lines("HTTP/1.1 200 OK", "Connection: x-a, Close", "Content-Length: 2", "", "ok"),
  },
  "connection: keep-alive": {
    text: lines(
      "HTTP/1.1 200 OK",
      "Connection: keep-alive",
      "Keep-Alive: timeout=60, max=100",
      "Content-Length: 2",
      "",
      "ok",
    ),
  },
  "HTTP/1.0": { text: lines("HTTP/1.0 200 OK", "Content-Length: 2", "", "ok") },
  "HTTP/1.0 until the end": { text: lines("HTTP/1.0 200 OK", "", "old"), closes: true },
  "HTTP/1.0 kept": { text: lines("HTTP/1.0 200 OK", "Connection: Keep-Alive", "Content-Length: 2", "", "ok") },
  "100 before it": {
    text: lines("HTTP/1.1 100 Continue", "", "HTTP/1.1 200 OK", "Content-Length: 2", "", "ok"),
    undici: { does: "refuse", right: { status: 200, headers: { "content-length": ["2"] }, body: "ok2" } },
  },
  "hints before it, twice": {
    text: lines(
      ...["HTTP/1.1 103 Early Hints", "Link: </a.css>; rel=preload", ""],
      ...["HTTP/1.1 103 Early Hints", "Link: </b.css>; rel=preload", ""],
      ...["HTTP/1.1 200 OK", "Content-Length: 2", "", "ok"],
    ),
  },
  "HEAD with a length": {
    method: "HEAD",
    text: lines("HTTP/1.1 200 OK", "Content-Length: 500", "", ""),
    undici: { does: "drop" },
  },
  "HEAD in chunks": {
    method: "HEAD",
    text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", ""),
    undici: { does: "drop" },
  },
  "HEAD of an error": {
    method: "HEAD",
    text: lines("HTTP/1.1 404 No", "Content-Length: 7", "", ""),
    undici: { does: "drop" },
  },
  "204": { text: lines("HTTP/1.1 204 No Content", "X: y", "", "") },
  "304 with the length of what was not sent": {
    text: lines("HTTP/1.1 304 Not Modified", "Content-Length: 500", "", ""),
    undici: { does: "refuse", right: { status: 304, headers: { "content-length": ["500"] }, body: "0" } },
  },
  "an answer to POST": { method: "POST", text: lines("HTTP/1.1 201 Created", "Content-Length: 2", "", "ok") },
  "a second response that nobody asked for": {
    text: lines("HTTP/1.1 200 OK", "Content-Length: 2", "", "ok") +
      lines("HTTP/1.1 200 OK", "Content-Length: 3", "", "bad"),
  },
  "a large body": { text: lines("HTTP/1.1 200 OK", "Content-Length: 300000", "", "z".repeat(300_000)) },
};
