import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { DEFAULT_SETTINGS, startStreamer, type Streamer } from "../../src/demo/mod.ts";

const onLinux = Deno.build.os === "linux";
const MAIN = fileURLToPath(new URL("../../src/demo/main.ts", import.meta.url));

interface Poll {
  messages: { author: { id: string }; text: string }[];
  missed: number;
}

async function frame(streamer: Streamer, viewer: string): Promise<number> {
  const response = await fetch(`${streamer.url}api/frame?viewer=${viewer}`);
  assert.equal(response.status, 200);
  return (await response.arrayBuffer()).byteLength;
}

async function post(streamer: Streamer, viewer: string, body: string): Promise<number> {
  const response = await fetch(`${streamer.url}api/chat?viewer=${viewer}`, { method: "POST", body });
  assert.equal(response.status, 201);
  return (await response.arrayBuffer()).byteLength;
}

async function poll(streamer: Streamer, viewer: string): Promise<Poll & { bytes: number }> {
  const response = await fetch(`${streamer.url}api/chat?viewer=${viewer}`);
  assert.equal(response.status, 200);
  const text = await response.text();
  return { ...JSON.parse(text), bytes: new TextEncoder().encode(text).length };
}

/** A viewer at a WebSocket, with all chat messages that it has seen. */
class SocketViewer implements AsyncDisposable {
  readonly heard: string[] = [];
  readonly socket: WebSocket;
  readonly #changed = new EventTarget();

  constructor(streamer: Streamer, viewer: string) {
    this.socket = new WebSocket(`${streamer.url.replace("http", "ws")}ws/chat?viewer=${viewer}`);
    this.socket.onmessage = ({ data }) => {
      const { type, message } = JSON.parse(data);
      if (type === "chat" || type === "sent") this.heard.push(`${type}: ${message.text}`);
      this.#changed.dispatchEvent(new Event("change"));
    };
  }

  say(text: string): void {
    this.socket.send(JSON.stringify({ type: "chat", text }));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise((resolve) => this.#changed.addEventListener("change", resolve, { once: true }));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.socket.addEventListener("close", resolve, { once: true }));
    this.socket.close();
    await closed;
  }
}

async function join(streamer: Streamer, viewer: string): Promise<SocketViewer> {
  const joined = new SocketViewer(streamer, viewer);
  await new Promise((resolve) => joined.socket.onopen = resolve);
  return joined;
}

async function eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never saw: ${what}`);
}

async function pss(pid: number): Promise<number> {
  const rollup = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)![1]) * 1024;
}

/** utime + stime of the process, from a source that the Streamer has no part in [ms]. */
async function kernelCpuMs(pid: number): Promise<number> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`main.ts says in one line where it is, and ends on ${signal}`, { ignore: !onLinux }, async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", MAIN, "--port", "0", "--no-broadcast"],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const line = new TextDecoder().decode((await reader.read()).value);
    const { url, port, pid } = JSON.parse(line);
    assert.equal(line, `${JSON.stringify({ url, port, pid })}\n`);
    assert.equal(url, `http://127.0.0.1:${port}/`);
    assert.equal(pid, child.pid);
    assert.equal((await (await fetch(`${url}truth`)).json()).settings.broadcast, false);
    Deno.kill(pid, signal);
    assert.equal((await reader.read()).done, true);
    await child.stderr.cancel();
    const { code } = await child.status;
    assert.equal(code, 0);
  });
}

Deno.test("main.ts ends with 2 on a bad flag, and names it, its value and what would be right", async () => {
  await using taken = await startStreamer();
  for (
    const { args, says } of [
      { args: ["--cpu-ms", "much"], says: /--cpu-ms.*number from 0 to 10000.*"much"/ },
      { args: ["--colour", "red"], says: /--colour[^]*--help/ },
      { args: ["--port", `${taken.port}`], says: new RegExp(`--port.*free.*0 for any.*${taken.port}`) },
    ]
  ) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", MAIN, ...args],
    })
      .output();
    assert.equal(code, 2, args.join(" "));
    assert.match(new TextDecoder().decode(stderr), says);
    assert.equal(new TextDecoder().decode(stdout), "");
  }
});

Deno.test("main.ts --help describes every setting", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-lock", MAIN, "--help"] })
    .output();
  assert.equal(code, 0);
  for (const key of Object.keys(DEFAULT_SETTINGS)) {
    const flag = key === "broadcast" ? "--no-broadcast" : `--${key.replaceAll("_", "-")}`;
    assert(new TextDecoder().decode(stdout).includes(`  ${flag}`), flag);
  }
});

Deno.test("the Streamer listens on loopback only", { ignore: !onLinux }, async () => {
  await using streamer = await startStreamer();
  const port = streamer.port.toString(16).toUpperCase().padStart(4, "0");
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => Deno.readTextFile(`/proc/net/${name}`)));
  const listening = tables.join("\n").split("\n").map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === "0A" && local.endsWith(`:${port}`)).map(([, local]) => local);
  assert.deepEqual(listening, [`0100007F:${port}`]);
});

Deno.test("an API request burns the CPU time that was asked for", async () => {
  const costs = new Map<number, number>();
  for (
    const { cpu_ms, requests } of [{ cpu_ms: 0, requests: 400 }, { cpu_ms: 0.5, requests: 400 }, {
      cpu_ms: 5,
      requests: 100,
    }, { cpu_ms: 20, requests: 40 }]
  ) {
    await using streamer = await startStreamer({ cpu_ms, memory_mb: 0 });
    for (let i = 0; i < 300; i++) await frame(streamer, "anna");
    const mark = await streamer.mark();
    const kernelBefore = onLinux ? await kernelCpuMs(streamer.pid) : 0;
    for (let i = 0; i < requests; i++) await frame(streamer, "anna");
    const { since_mark } = await streamer.truth(mark);
    assert.equal(since_mark!.api_requests, requests);
    costs.set(cpu_ms, since_mark!.cpu_ms / requests);
    if (onLinux) {
      const byKernel = await kernelCpuMs(streamer.pid) - kernelBefore;
      const apart = Math.abs(since_mark!.cpu_ms - byKernel);
      assert(apart <= 40 + 0.02 * byKernel, `truth ${since_mark!.cpu_ms} ms, kernel ${byKernel} ms`);
    }
  }
  const base = costs.get(0)!;
  assert(base < 1, `base cost ${base} ms a request`);
  for (const cpu_ms of [0.5, 5, 20]) {
    const burned = costs.get(cpu_ms)! - base;
    assert(Math.abs(burned - cpu_ms) <= 0.1 * cpu_ms + 0.1, `${cpu_ms} ms asked for, ${burned} ms burned`);
  }
});

Deno.test("the lock lets one API request through at a time, and costs no CPU time", async () => {
  const [requests, lock_ms] = [30, 20];
  await using streamer = await startStreamer({ cpu_ms: 0, memory_mb: 0, lock_ms });
  await frame(streamer, "anna");
  const mark = await streamer.mark();
  await Promise.all(Array.from({ length: requests }, (_, index) => frame(streamer, `viewer-${index % 4}`)));
  const { since_mark } = await streamer.truth(mark);
  assert.equal(since_mark!.api_requests, requests);
  // A timer may ring a little early, once.
  assert(since_mark!.elapsed_ms >= requests * lock_ms - 2, `${since_mark!.elapsed_ms} ms`);
  assert(since_mark!.cpu_ms < requests * lock_ms / 2, `${since_mark!.cpu_ms} ms of CPU time`);
});

Deno.test(
  "the Streamer knows its own memory as the kernel does, and its peak in a window",
  { ignore: !onLinux },
  async () => {
    await using streamer = await startStreamer({ cpu_ms: 0, memory_mb: 50, silence_ms: 1000 });
    const from = (await streamer.truth()).now_epoch_ms;
    const before = (await streamer.truth()).memory_bytes;
    for (let n = 0; n < 4; n++) await frame(streamer, `viewer-${n}`);
    const { memory_bytes, now_epoch_ms: held_at } = await streamer.truth();
    const kernel = await pss(streamer.pid);
    assert(Math.abs(memory_bytes / kernel - 1) < 0.03, `${memory_bytes} of ${kernel} bytes`);
    assert(memory_bytes - before >= 200e6, `${memory_bytes - before} bytes more for 4 viewers of 50 MB`);
    await eventually(async () => (await streamer.truth()).memory_held_bytes === 0, "the viewers forgotten");
    const end = (await streamer.truth()).now_epoch_ms;
    const whole = await streamer.window(from, end);
    assert(Math.abs(whole.memory_peak_bytes / memory_bytes - 1) < 0.03, `a peak of ${whole.memory_peak_bytes} bytes`);
    assert((await streamer.window(from, from + 1)).memory_peak_bytes < 0.5 * memory_bytes, "not yet");
    assert(held_at < end);
  },
);

Deno.test("pages, frames, sockets and the truth burn nothing", async () => {
  await using streamer = await startStreamer({ cpu_ms: 50, memory_mb: 0 });
  const mark = await streamer.mark();
  for (let i = 0; i < 20; i++) {
    for (const path of ["", "frame", "stream.json", "player.js", "truth"]) {
      const response = await fetch(`${streamer.url}${path}`);
      assert.equal(response.status, 200);
      await response.body?.cancel();
    }
  }
  const { since_mark } = await streamer.truth(mark);
  assert.equal(since_mark!.requests, 80, "requests to the truth are not counted");
  assert.equal(since_mark!.api_requests, 0);
  assert(since_mark!.cpu_ms < 20 * 50, `${since_mark!.cpu_ms} ms, where 20 burns would be 1000`);
});

Deno.test("each viewer's memory is resident, and is given back", { ignore: !onLinux }, async () => {
  const [viewers, memory_mb] = [50, 4];
  const held = viewers * memory_mb * 1e6;
  await using streamer = await startStreamer({ cpu_ms: 0, memory_mb, silence_ms: 1500 });
  for (let i = 0; i < 20; i++) await frame(streamer, "warm-up");
  await eventually(async () => (await streamer.truth()).viewers === 0, "the warm-up's viewer forgotten");
  const before = await pss(streamer.pid);
  for (const round of [1, 2]) {
    await using staying = await join(streamer, "staying");
    for (let i = 0; i < viewers - 1; i++) await frame(streamer, `viewer-${i}`);
    assert.equal((await streamer.truth()).memory_held_bytes, held);
    const during = await pss(streamer.pid) - before;
    assert(Math.abs(during - held) < 0.1 * held, `round ${round}: ${during} bytes resident for ${held} held`);

    await eventually(async () => (await streamer.truth()).viewers === 1, "silent viewers forgotten");
    const after = await pss(streamer.pid) - before;
    assert(after < 0.1 * held, `round ${round}: ${after} bytes resident after`);
    await staying[Symbol.asyncDispose]();
    await eventually(async () => (await streamer.truth()).memory_held_bytes === 0, "the socket's viewer forgotten");
  }
});

/** Bytes of one round in which each viewer fetches a frame, says something and polls; bodies, as the clients see them. */
async function bytesOfRound(streamer: Streamer, viewers: number, delivered: number) {
  const ids = Array.from({ length: viewers }, (_, i) => `s-${String(i).padStart(4, "0")}`);
  for (const id of ids) await poll(streamer, id);
  const mark = await streamer.mark();
  let fixed = 0;
  let polled = 0;
  for (const id of ids) fixed += await frame(streamer, id) + await post(streamer, id, "Is that the pilot boat there?");
  for (const id of ids) {
    const { messages, missed, bytes } = await poll(streamer, id);
    assert.equal(messages.length, delivered);
    assert.equal(missed, 0);
    polled += bytes;
  }
  const { since_mark } = await streamer.truth(mark);
  assert.equal(since_mark!.bytes_out, fixed + polled, "the truth counts what the clients got");
  assert.equal(since_mark!.messages_sent, viewers);
  assert.equal(since_mark!.messages_delivered, viewers * delivered);
  return { fixed, polled };
}

Deno.test("polled bytes grow with the square of the viewers", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0, memory_mb: 0 });
  const few = await bytesOfRound(streamer, 4, 4);
  const many = await bytesOfRound(streamer, 16, 16);
  assert.equal(many.fixed, 4 * few.fixed);
  const ratio = many.polled / few.polled;
  assert(ratio > 14 && ratio < 17, `16 viewers polled ${ratio} times the bytes of 4`);
  const most = await bytesOfRound(streamer, 32, 32);
  assert(most.polled > 2 * most.fixed, `at 32 viewers ${most.polled} polled bytes against ${most.fixed} fixed ones`);
});

Deno.test("without broadcast polled bytes grow with the viewers only", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0, memory_mb: 0, broadcast: false });
  const few = await bytesOfRound(streamer, 4, 0);
  const many = await bytesOfRound(streamer, 16, 0);
  assert.equal(many.polled, 4 * few.polled);
  assert.equal(many.fixed, 4 * few.fixed);
});

Deno.test("the first poll starts at now; what a viewer says comes back to it too", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0, memory_mb: 0 });
  await post(streamer, "anna", "too early");
  assert.deepEqual((await poll(streamer, "ben")).messages, []);
  await post(streamer, "ben", "Grüße, 港");
  const { messages } = await poll(streamer, "ben");
  assert.deepEqual(messages.map(({ author, text }) => [author.id, text]), [["ben", "Grüße, 港"]]);
});

Deno.test("the room forgets beyond its bound, and says how much a viewer missed", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0, memory_mb: 0 });
  await poll(streamer, "slow");
  await using fast = await join(streamer, "fast");
  for (let i = 0; i < 5000; i++) {
    fast.say(`${i}`);
    if (i % 50 === 49) await fast.until(() => fast.heard.length === i + 1);
  }
  const { messages, missed } = await poll(streamer, "slow");
  assert.equal(messages.length, 4096);
  assert.equal(missed, 5000 - 4096);
  assert.equal(messages.at(-1)!.text, "4999");
});

Deno.test("sockets and polls share one room, which tells every viewer everything once", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0, memory_mb: 0 });
  await using anna = await join(streamer, "anna");
  await using ben = await join(streamer, "ben");
  await using carl = await join(streamer, "carl");
  await poll(streamer, "dora");
  anna.say("Ahoy");
  await Promise.all([anna, ben, carl].map((viewer) => viewer.until(() => viewer.heard.length === 1)));
  await post(streamer, "dora", "Evening");
  await Promise.all([anna, ben, carl].map((viewer) => viewer.until(() => viewer.heard.length === 2)));
  assert.deepEqual(anna.heard, ["sent: Ahoy", "chat: Evening"]);
  assert.deepEqual(ben.heard, ["chat: Ahoy", "chat: Evening"]);
  assert.deepEqual(carl.heard, ben.heard);
  assert.deepEqual((await poll(streamer, "dora")).messages.map(({ text }) => text), ["Ahoy", "Evening"]);
  const truth = await streamer.truth();
  assert.equal(truth.messages_sent, 2);
  assert.equal(truth.messages_delivered, 2 + 3 + 2);
});

Deno.test("without broadcast a socket is told of its own messages only", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0, memory_mb: 0, broadcast: false });
  await using anna = await join(streamer, "anna");
  await using ben = await join(streamer, "ben");
  anna.say("Hello?");
  await anna.until(() => anna.heard.length === 1);
  ben.say("Anyone?");
  await ben.until(() => ben.heard.length === 1);
  assert.deepEqual(anna.heard, ["sent: Hello?"]);
  assert.deepEqual(ben.heard, ["sent: Anyone?"]);
  assert.equal((await streamer.truth()).messages_delivered, 0);
});

Deno.test("a socket that does not read is skipped, counted, and slows nobody down", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0, memory_mb: 0 });
  using deaf = await Deno.connect({ hostname: "127.0.0.1", port: streamer.port });
  await deaf.write(new TextEncoder().encode(
    "GET /ws/chat?viewer=deaf HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  ));
  await eventually(async () => (await streamer.truth()).sockets === 1, "the deaf viewer");
  await using anna = await join(streamer, "anna");
  await using ben = await join(streamer, "ben");
  const messages = 6000;
  for (let i = 0; i < messages; i++) {
    anna.say("x".repeat(2000));
    if (i % 50 === 49) {
      await anna.until(() => anna.heard.length === i + 1);
      await ben.until(() => ben.heard.length === i + 1);
    }
  }
  const truth = await streamer.truth();
  assert(truth.messages_dropped > 0, "13 MB went to a socket that reads nothing");
  assert.equal(truth.messages_delivered + truth.messages_dropped, 2 * messages);
  assert.equal(ben.heard.length, messages);
});

Deno.test("windows by time agree with marks", async () => {
  await using streamer = await startStreamer({ cpu_ms: 3, memory_mb: 0 });
  for (let i = 0; i < 20; i++) await frame(streamer, "before");
  const mark = await streamer.mark();
  for (let i = 0; i < 60; i++) {
    await frame(streamer, "anna");
    await post(streamer, "anna", "Ahoy");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { since_mark } = await streamer.truth(mark);
  for (let i = 0; i < 20; i++) await frame(streamer, "after");
  const window = await streamer.window(since_mark!.from_epoch_ms, since_mark!.to_epoch_ms);
  assert.equal(window.elapsed_ms, since_mark!.elapsed_ms);
  assert.equal(since_mark!.api_requests, 120);
  // Each end may fall between two samples, where counters are taken to grow evenly.
  for (
    const [name, slack] of [["cpu_ms", 40], ["api_requests", 12], ["requests", 12], ["bytes_out", 25_000]] as const
  ) {
    const apart = Math.abs(window[name] - since_mark![name]);
    assert(apart <= slack, `${name}: window ${window[name]}, mark ${since_mark![name]}`);
  }
  const middle = (window.from_epoch_ms + window.to_epoch_ms) / 2;
  const [first, second] = [
    await streamer.window(window.from_epoch_ms, middle),
    await streamer.window(middle, window.to_epoch_ms),
  ];
  assert(Math.abs(first.cpu_ms + second.cpu_ms - window.cpu_ms) < 1e-6, "two halves make a whole");
  await assert.rejects(streamer.window(0, window.to_epoch_ms), /400.*from/);
  await assert.rejects(streamer.window(window.from_epoch_ms, Date.now() + 3_600_000), /400.*to/);
  await assert.rejects(streamer.truth("none"), /404.*mark/);
});

Deno.test("an idle Streamer costs next to nothing", async () => {
  await using streamer = await startStreamer();
  await streamer.truth();
  const mark = await streamer.mark();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const { since_mark } = await streamer.truth(mark);
  const share = since_mark!.cpu_ms / since_mark!.elapsed_ms;
  assert(share < 0.01, `${share} of a core`);
});

Deno.test("what is not understood is refused, and burns nothing", async () => {
  await using streamer = await startStreamer({ cpu_ms: 0, memory_mb: 1 });
  for (
    const { method = "GET", path, body, status } of [
      { path: "api/frame", status: 400 },
      { path: "api/frame?viewer=a%20b", status: 400 },
      { path: `api/frame?viewer=${"x".repeat(65)}`, status: 400 },
      { method: "POST", path: "api/frame?viewer=anna", body: "x", status: 404 },
      { method: "POST", path: "api/chat?viewer=anna", body: "", status: 400 },
      { method: "POST", path: "api/chat?viewer=anna", body: "x".repeat(2001), status: 400 },
      { method: "POST", path: "api/chat?viewer=anna", body: "x".repeat(9000), status: 413 },
      { path: "ws/chat?viewer=anna", status: 426 },
      { path: "toString", status: 404 },
      { path: "truth/nothing", status: 404 },
    ]
  ) {
    const response = await fetch(streamer.url + path, { method, body });
    assert.equal(response.status, status, `${method} /${path.slice(0, 40)}`);
    assert.notEqual((await response.json()).error, "");
  }
  const { viewers, api_requests } = await streamer.truth();
  assert.deepEqual({ viewers, api_requests }, { viewers: 0, api_requests: 0 });
});
