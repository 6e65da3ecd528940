import assert from "node:assert/strict";
import { hasProgram } from "../../has_program.ts";
import type { Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Connection } from "../../../src/drive/http1/mod.ts";
import { attemptClock } from "../../../src/run/child_end.ts";
import { countingProxy } from "./counting_proxy.ts";
import { rawServer } from "./raw_server.ts";
import { selfSigned } from "./self_signed.ts";

/** Makes the certificates. */
const openssl = { ignore: !hasProgram("openssl") };
const BODY = "x".repeat(100_000);

async function listen(server: Server): Promise<{ port: number } & AsyncDisposable> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** Answers every request over TLS: /close with a body until the end, /drop not at all. */
function tlsServer(pem: { cert: string; key: string }) {
  return listen(createTlsServer(pem, (socket) => {
    socket.on("error", () => {}).on("data", (bytes) => {
      const path = bytes.toString().split(" ")[1];
      if (path === "/close") socket.end(`HTTP/1.1 200 OK\r\n\r\n${BODY}`);
      else if (path === "/drop") socket.destroy();
      else socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`);
    });
  }));
}

function client(port: number, tls: { servername?: string; ca?: string }) {
  const connection = new Connection({ host: "127.0.0.1", port, tls, clock: attemptClock(performance.now()) });
  return {
    get: (path: string, timeout_ms = 20_000) =>
      connection.request({ method: "GET", path, headers: { host: "localhost" } }, { timeout_ms }),
    [Symbol.dispose]: () => connection.close(),
  };
}

Deno.test(
  "over TLS, with the authority given: responses, and every byte on the wire, handshake and records included",
  openssl,
  async () => {
    const pem = await selfSigned();
    await using server = await tlsServer(pem);
    await using proxy = await countingProxy(server.port);
    using https = client(proxy.port, { servername: "localhost", ca: pem.cert });
    const first = await https.get("/");
    const second = await https.get("/");
    for (const { outcome, status, body_bytes } of [first, second]) {
      assert.deepEqual([outcome, status, body_bytes], ["ok", 200, BODY.length]);
    }
    assert.equal(proxy.counted.connections, 1);
    assert.equal(first.bytes_in + second.bytes_in, proxy.counted.in);
    assert.equal(first.bytes_out + second.bytes_out, proxy.counted.out);
    assert(second.bytes_in > BODY.length && first.bytes_in > second.bytes_in, "the handshake belongs to the first");
  },
);

Deno.test("over TLS: a body until the end of the connection, a drop, and the next request anew", openssl, async () => {
  const pem = await selfSigned();
  await using server = await tlsServer(pem);
  using https = client(server.port, { servername: "localhost", ca: pem.cert });
  const results = [];
  for (const path of ["/close", "/", "/drop", "/"]) {
    const { outcome, body_bytes } = await https.get(path);
    results.push([outcome, body_bytes]);
  }
  assert.deepEqual(results, [["ok", BODY.length], ["ok", BODY.length], ["reset", 0], ["ok", BODY.length]]);
});

Deno.test(
  "a certificate that nobody vouches for, or of another name, is tls; as is a server that speaks none",
  openssl,
  async () => {
    const [mine, other] = [await selfSigned(), await selfSigned("elsewhere.example")];
    await using server = await tlsServer(mine);
    await using elsewhere = await tlsServer(other);
    await using plain = await rawServer({
      onData: (socket) => socket.end("HTTP/1.1 400 Plain\r\ncontent-length: 0\r\n\r\n"),
    });
    for (
      const [what, port, tls] of [
        ["nobody vouches", server.port, { servername: "localhost" }],
        ["another vouches", server.port, { servername: "localhost", ca: other.cert }],
        ["another name", elsewhere.port, { servername: "localhost", ca: other.cert }],
        ["plain HTTP", plain.port, { servername: "localhost", ca: mine.cert }],
      ] as const
    ) {
      using https = client(port, tls);
      const { outcome, status } = await https.get("/");
      assert.deepEqual([outcome, status], ["tls", 0], what);
    }
  },
);

Deno.test("an address instead of a name needs no SNI, and must be on the certificate", openssl, async () => {
  const pem = await selfSigned();
  await using server = await tlsServer(pem);
  using https = client(server.port, { ca: pem.cert });
  assert.equal((await https.get("/")).outcome, "ok");
});

Deno.test("a handshake that does not go on is a timeout", async () => {
  await using silent = await rawServer({});
  using https = client(silent.port, { servername: "localhost" });
  assert.equal((await https.get("/", 200)).outcome, "timeout");
});
