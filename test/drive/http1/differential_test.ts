import assert from "node:assert/strict";
import { Client } from "undici";
import { Connection, type HttpResponse, parseHeaders, ResponseParser } from "../../../src/drive/http1/mod.ts";
import { attemptClock } from "../../../src/run/child_end.ts";
import { rawServer } from "./raw_server.ts";
import { RESPONSES, type WholeResponse } from "./responses.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** What a client made of a response, and whether it then used the connection again. */
interface Understanding {
  status: number;
  headers: Record<string, string[]>;
  body: string;
  kept: boolean;
}

/** Serves the response to the first request, and a plain one to every other. */
function serve({ text, closes }: WholeResponse) {
  let first = true;
  return rawServer({
    onData: (socket) => {
      socket.write(latin1(first ? text : OK));
      if (first && closes) socket.end();
      first = false;
    },
  });
}

function gather(fields: Iterable<[string, string]>): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of fields) (headers[name] ??= []).push(value);
  return headers;
}

async function ours(response: WholeResponse): Promise<Understanding & { wire: HttpResponse }> {
  await using server = await serve(response);
  const connection = new Connection({ host: "127.0.0.1", port: server.port, clock: attemptClock(performance.now()) });
  const headers = { host: `127.0.0.1:${server.port}` };
  const { method = "GET" } = response;
  const wire = await connection.request({ method, path: "/", headers }, { timeout_ms: 20_000, keep: true });
  await new Promise((resolve) => setTimeout(resolve, 10));
  const next = await connection.request({ method: "GET", path: "/", headers }, { timeout_ms: 20_000, keep: true });
  connection.close();
  assert.equal(wire.outcome, wire.status >= 400 ? "http_error" : "ok");
  assert.deepEqual([next.outcome, next.status, next.body_bytes], ["ok", 200, 5], "the request after it");
  return {
    status: wire.status,
    headers: gather(wire.headers),
    body: String.fromCharCode(...wire.body.subarray(0, 10_000)) + wire.body.length,
    kept: server.connections() === 1,
    wire,
  };
}

async function undicis(response: WholeResponse): Promise<Understanding> {
  await using server = await serve(response);
  const client = new Client(`http://127.0.0.1:${server.port}`, { pipelining: 1 });
  const ask = async (method: "GET" | "HEAD" | "POST") => {
    const { statusCode, headers, body } = await client.request({ path: "/", method });
    return { status: statusCode, headers, body: new Uint8Array(await body.arrayBuffer()) };
  };
  let asked: Awaited<ReturnType<typeof ask>>;
  try {
    asked = await ask(response.method ?? "GET");
    await new Promise((resolve) => setTimeout(resolve, 10));
    await ask("GET");
  } finally {
    await client.destroy();
  }
  const { status, headers, body } = asked;
  return {
    status,
    // It leaves blanks after a value in place, which RFC 9112, section 5.1, says are no part of it.
    headers: gather(
      Object.entries(headers).flatMap(([name, value]) =>
        [value ?? []].flat().map((one): [string, string] => [name, one.replace(/[ \t]+$/, "")])
      ),
    ),
    body: String.fromCharCode(...body.subarray(0, 10_000)) + body.length,
    kept: server.connections() === 1,
  };
}

Deno.test("our client understands every whole response, and keeps or drops the connection, as undici does", async (t) => {
  for (const [what, response] of Object.entries(RESPONSES)) {
    await t.step(what, async () => {
      const { wire, ...mine } = await ours(response);
      const { does, right } = response.undici ?? {};
      if (does === "refuse") {
        await assert.rejects(undicis(response), "undici has learnt it: it may be the judge");
        assert.deepEqual(mine, { ...right, kept: true });
      } else {
        const theirs = await undicis(response);
        if (does === "drop") assert.equal(theirs.kept, false, "undici has learnt it: it may be the judge");
        assert.deepEqual(mine, does === "drop" ? { ...theirs, kept: true } : theirs);
      }
      if (mine.kept) assert.equal(wire.bytes_in, response.text.length, "every byte that the server sent is counted");
    });
  }
});

Deno.test("a response means the same wherever it is cut", async (t) => {
  const read = (bytes: Uint8Array, cuts: number[], response: WholeResponse) => {
    const parser = new ResponseParser();
    parser.begin(response.method ?? "GET", true);
    let used = 0;
    for (const [index, from] of [0, ...cuts].entries()) used += parser.push(bytes.slice(from, cuts[index]));
    if (response.closes) parser.end();
    const { done, status, keepAlive, head, body_bytes } = parser;
    return {
      used,
      done,
      status,
      keepAlive,
      headers: parseHeaders(head),
      body_bytes,
      body: [...parser.body().slice(0, 600)],
    };
  };
  for (const [what, response] of Object.entries(RESPONSES)) {
    await t.step(what, () => {
      const bytes = latin1(response.text.length > 20_000 ? response.text.slice(0, 100) : response.text);
      const whole = read(bytes, [], response);
      for (let cut = 1; cut < bytes.length; cut++) {
        assert.deepEqual(read(bytes, [cut], response), whole, `cut at ${cut}`);
      }
      const everywhere = Array.from({ length: bytes.length - 1 }, (_, n) => n + 1);
      assert.deepEqual(read(bytes, everywhere, response), whole, "byte by byte");
    });
  }
});

Deno.test("a response that comes byte by byte over a real connection is the same", async () => {
  for (
    const what of ["chunked, trailers", "hints before it, twice", "a folded value", "until the end of the connection"]
  ) {
    const { text, closes } = RESPONSES[what];
    await using server = await rawServer({
      onData: async (socket) => {
        for (const letter of text) {
          socket.write(latin1(letter));
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        if (closes) socket.end();
      },
    });
    const connection = new Connection({ host: "127.0.0.1", port: server.port, clock: attemptClock(performance.now()) });
    const { outcome, bytes_in } = await connection.request(
      { method: "GET", path: "/", headers: { host: "a" } },
      { timeout_ms: 20_000 },
    );
    connection.close();
    assert.deepEqual([outcome, bytes_in], ["ok", text.length], what);
  }
});

Deno.test("connections that receive at the same time never see each other's bytes", async () => {
  await using server = await rawServer({
    onData: (socket, text) => {
      const path = text.split(" ")[1];
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${path.length * 2000}\r\nx-path: ${path}\r\n\r\n`);
      for (let n = 0; n < 20; n++) setTimeout(() => socket.write(path.repeat(100)), n);
    },
  });
  const clock = attemptClock(performance.now());
  await Promise.all(Array.from({ length: 100 }, async (_, session) => {
    const connection = new Connection({ host: "127.0.0.1", port: server.port, clock });
    for (let n = 0; n < 3; n++) {
      const path = `/${session}-${n}`;
      const { outcome, headers, body } = await connection.request(
        { method: "GET", path, headers: { host: "a" } },
        { timeout_ms: 20_000, keep: true },
      );
      assert.deepEqual([outcome, headers[1]], ["ok", ["x-path", path]]);
      assert.equal(new TextDecoder().decode(body), path.repeat(2000));
    }
    connection.close();
  }));
});
