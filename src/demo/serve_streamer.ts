import process from "node:process";
import { burnCpu } from "./burn_cpu.ts";
import { ChatRoom, composeMessage } from "./chat_room.ts";
import { CounterHistory } from "./counter_history.ts";
import { holdMemory } from "./hold_memory.ts";
import { openLibc } from "./libc.ts";
import { OwnMemory } from "./own_memory.ts";
import { LOOP_FRAMES, PALETTE, renderScene, SCENE } from "./render_scene.ts";
import type { StreamerSettings } from "./settings.ts";
import type { Counters, Truth } from "./truth.ts";
import { type Viewer, Viewers } from "./viewers.ts";

/** A Streamer in this process. */
export interface RunningStreamer {
  readonly url: string;
  readonly port: number;
  /** Closes the sockets and stops listening. */
  close(): Promise<void>;
}

const SAMPLE_EVERY_MS = 50;
/** While it works, so that what it uses belongs to the right moment even where the machine interrupts it. */
const SAMPLE_WORK_EVERY_MS = 5;
const HISTORY_RECORDS = 24_000;
const STATE_EVERY_MS = 1000;
const MAX_TEXT = 2000;
const MAX_BODY_BYTES = 8192;
const MAX_MARKS = 1000;
/** A socket with more than this waiting gets no more until it has caught up [bytes]. */
const MAX_BUFFERED_BYTES = 262_144;
/** How far `to` may lie ahead of our clock, for callers that read another one [ms]. */
const CLOCK_TOLERANCE_MS = 1000;

// 'unsafe-eval' is for scenarios: Playwright's waitForFunction evaluates text in the page.
const PAGE_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
};
const JSON_HEADERS = { "content-type": "application/json", "cache-control": "no-store" };
const EVENTS_HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store" };
const BYTES_HEADERS = { "content-type": "application/octet-stream", "cache-control": "no-store" };

/**
 * Serves the live picture, the chat and the truth about their costs, on 127.0.0.1 only.
 *
 * Each request to a route under `/api/` burns `cpu_ms` of CPU time once, and holds the lock for `lock_ms`; pages, frames, sockets and
 * `/truth` do neither. A viewer, known by `?viewer=ID`, holds `memory_mb` from its first API request or socket on.
 *
 * | route | does |
 * |---|---|
 * | `GET /api/frame?viewer=ID` | a media segment of `frame_bytes` |
 * | `POST /api/chat?viewer=ID` | says the body's text in the room |
 * | `GET /api/chat?viewer=ID` | `{messages, missed}` since this viewer's last poll; the first starts at now |
 * | `GET /api/events?viewer=ID` | the same room as server-sent events |
 * | `GET /`, `/frame`, `/stream.json` | the page, its picture as `[number: u32 LE][pixels]`, how to draw it |
 * | `/ws/chat?viewer=ID` | the same room over a WebSocket |
 * | `GET /truth`, `/truth?mark=ID` | {@linkcode Truth} |
 * | `POST /truth/mark` | the same, and `{mark}` |
 * | `GET /truth/window?from=EPOCH_MS&to=EPOCH_MS` | a `TruthWindow`, interpolated between samples 5 ms apart while it works, two minutes back or more |
 *
 * @param settings What it costs; see {@linkcode StreamerSettings}.
 * @throws {Deno.errors.AddrInUse} If the port is taken.
 */
export function serveStreamer(settings: StreamerSettings): RunningStreamer {
  const libc = openLibc();
  const cpuClock = libc?.threadCpuMs ?? processCpuMs;
  const room = new ChatRoom();
  const memoryBytes = Math.round(settings.memory_mb * 1e6);
  const viewers = new Viewers(() => holdMemory(memoryBytes, libc, sampleWork), settings.silence_ms);
  const sockets = new Map<WebSocket, Viewer>();
  const listeners = new Map<ReadableStreamDefaultController<Uint8Array>, Viewer>();
  const history = new CounterHistory(HISTORY_RECORDS);
  const marks = new Map<string, { at_epoch_ms: number; counters: Counters }>();
  const byRoute: Record<string, number> = {};
  const done = {
    requests: 0,
    api_requests: 0,
    bytes_in: 0,
    bytes_out: 0,
    messages_sent: 0,
    messages_delivered: 0,
    messages_dropped: 0,
  };
  const memory = new OwnMemory();
  let likes = 0;
  let lockFree_ms = 0;
  let lastState = "";

  const segment = new Uint8Array(settings.frame_bytes);
  for (let at = 0; at < segment.length; at += 65_536) crypto.getRandomValues(segment.subarray(at, at + 65_536));
  const pictures = Array.from({ length: LOOP_FRAMES }, (_, number) => renderScene(number));
  const pages = loadPages();
  const stream = JSON.stringify({ ...SCENE, fps: settings.fps, palette: PALETTE });

  const counters = (): Counters => ({ cpu_ms: processCpuMs(), ...done });
  let sampled = { at_epoch_ms: -Infinity, memory_bytes: 0 };
  let sampling = false;

  function sample(): void {
    const at_epoch_ms = now();
    sampled = { at_epoch_ms, memory_bytes: memory.read(at_epoch_ms) };
    history.record(at_epoch_ms, counters(), sampled.memory_bytes);
  }

  function sampleWork(): void {
    const at_epoch_ms = now();
    if (at_epoch_ms - sampled.at_epoch_ms < SAMPLE_WORK_EVERY_MS) return;
    sampled.at_epoch_ms = at_epoch_ms;
    history.record(at_epoch_ms, counters(), sampled.memory_bytes);
  }

  /** Samples before the work and soon after it; a timer that never rests would itself cost 0.5 % of a core. */
  function sampleAround(): void {
    if (sampling) return;
    sampling = true;
    sample();
    setTimeout(() => {
      sampling = false;
      sample();
    }, SAMPLE_EVERY_MS);
  }

  function reply(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>, status = 200): Response {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    done.bytes_out += bytes.length;
    return new Response(bytes, { status, headers });
  }
  const refuse = (status: number, error: string) => reply(JSON.stringify({ error }), JSON_HEADERS, status);

  function send(socket: WebSocket, payload: string): boolean {
    if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > MAX_BUFFERED_BYTES) return false;
    socket.send(payload);
    done.bytes_out += utf8Length(payload);
    return true;
  }

  function sendEvent(listener: ReadableStreamDefaultController<Uint8Array>, payload: string): boolean {
    if ((listener.desiredSize ?? 0) <= 0) return false;
    const bytes = new TextEncoder().encode(`data: ${payload}\n\n`);
    listener.enqueue(bytes);
    done.bytes_out += bytes.length;
    return true;
  }

  /** Puts a message into the room, for polls and sockets, and returns it. */
  function say(viewer: Viewer, text: string): string {
    done.messages_sent += 1;
    if (!settings.broadcast) return composeMessage(done.messages_sent - 1, viewer.id, text, Date.now());
    const message = room.post(viewer.id, text, Date.now());
    const payload = `{"type":"chat","message":${message}}`;
    const count = (sent: boolean) => sent ? done.messages_delivered += 1 : done.messages_dropped += 1;
    for (const [socket, { id }] of sockets) if (id !== viewer.id) count(send(socket, payload));
    for (const [listener, { id }] of listeners) if (id !== viewer.id) count(sendEvent(listener, payload));
    return message;
  }

  /** Requests get the lock in the order in which they come. Turns are planned, so that late timers do not add up. */
  async function holdLock(): Promise<void> {
    lockFree_ms = Math.max(now(), lockFree_ms) + settings.lock_ms;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, lockFree_ms - now())));
  }

  async function api(request: Request, route: string, url: URL): Promise<Response> {
    const id = viewerId(url);
    if (id === null) return refuse(400, VIEWER_HELP);
    let text = "";
    if (route === "POST /api/chat") {
      const length = request.headers.get("content-length");
      if (length === null) return refuse(411, "Cannot take a message of unknown length: send content-length");
      if (Number(length) > MAX_BODY_BYTES) {
        return refuse(413, `Cannot take a message of more than ${MAX_BODY_BYTES} bytes`);
      }
      text = await request.text();
      done.bytes_in += Number(length);
      if (text === "" || text.length > MAX_TEXT) return refuse(400, `A message must have 1 to ${MAX_TEXT} characters`);
    }
    const viewer = viewers.see(id, now());
    done.api_requests += 1;
    // The body may have been long in coming.
    sampleAround();
    burnCpu(settings.cpu_ms, cpuClock, sampleWork);
    if (settings.lock_ms > 0) await holdLock();
    if (route === "GET /api/frame") return reply(segment, BYTES_HEADERS);
    if (route === "POST /api/chat") {
      const message = say(viewer, text);
      return reply(`{"sent":${JSON.stringify(JSON.parse(message).id)}}`, JSON_HEADERS, 201);
    }
    const { messages, missed, cursor } = room.read(viewer.cursor ?? room.cursor);
    viewer.cursor = cursor;
    done.messages_delivered += messages.length;
    done.messages_dropped += missed;
    return reply(`{"messages":[${messages.join(",")}],"missed":${missed}}`, JSON_HEADERS);
  }

  function openEvents(url: URL): Response {
    const id = viewerId(url);
    if (id === null) return refuse(400, VIEWER_HELP);
    const viewer = viewers.see(id, now());
    viewer.sockets += 1;
    done.api_requests += 1;
    burnCpu(settings.cpu_ms, cpuClock);
    let listener: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        listener = controller;
        listeners.set(listener, viewer);
        sendEvent(listener, state());
      },
      cancel() {
        listeners.delete(listener);
        viewers.leave(viewer);
      },
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_BUFFERED_BYTES }));
    return new Response(body, { headers: EVENTS_HEADERS });
  }

  function openSocket(request: Request, url: URL): Response {
    const id = viewerId(url);
    if (id === null) return refuse(400, VIEWER_HELP);
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return refuse(426, "Cannot chat here over plain HTTP: open a WebSocket, or use /api/chat");
    }
    const { socket, response } = Deno.upgradeWebSocket(request);
    const viewer = viewers.see(id, now());
    viewer.sockets += 1;
    sockets.set(socket, viewer);
    socket.onopen = () => send(socket, state());
    socket.onmessage = ({ data }) => hear(socket, viewer, data);
    socket.onclose = () => {
      sockets.delete(socket);
      viewers.leave(viewer);
    };
    return response;
  }

  function hear(socket: WebSocket, viewer: Viewer, data: unknown): void {
    const said = typeof data === "string" && data.length <= MAX_BODY_BYTES ? parseSaid(data) : null;
    if (said === null) return socket.close(1008, "expected {type: chat, text} or {type: like}");
    done.bytes_in += utf8Length(data as string);
    sampleAround();
    viewer.seen_ms = now();
    if (said.type === "like") likes += 1;
    else send(socket, `{"type":"sent","message":${say(viewer, said.text)}}`);
  }

  const state = () => JSON.stringify({ type: "state", viewers: viewers.count, likes });

  function tick(): void {
    viewers.forgetSilent(now());
    const current = state();
    if (current === lastState) return;
    lastState = current;
    for (const socket of sockets.keys()) send(socket, current);
    for (const listener of listeners.keys()) sendEvent(listener, current);
  }

  function truth(url: URL, method: string): Response {
    const bare = (body: unknown, status = 200) =>
      Response.json(body, { status, headers: { "cache-control": "no-store" } });
    const at_epoch_ms = now();
    const current = counters();
    if (url.pathname === "/truth/mark" && method === "POST") {
      const mark = crypto.randomUUID();
      if (marks.size >= MAX_MARKS) marks.delete(marks.keys().next().value!);
      marks.set(mark, { at_epoch_ms, counters: current });
      return bare({ mark, ...describe(at_epoch_ms, current) });
    }
    if (url.pathname === "/truth/window" && method === "GET") {
      sample();
      const from = Number(url.searchParams.get("from") ?? NaN);
      const to = Number(url.searchParams.get("to") ?? NaN);
      try {
        return bare(
          history.between(from, to > at_epoch_ms && to <= at_epoch_ms + CLOCK_TOLERANCE_MS ? at_epoch_ms : to),
        );
      } catch (error) {
        return bare({ error: (error as RangeError).message }, 400);
      }
    }
    if (url.pathname === "/truth" && method === "GET") {
      const id = url.searchParams.get("mark");
      if (id === null) return bare(describe(at_epoch_ms, current));
      const mark = marks.get(id);
      if (mark === undefined) {
        return bare({ error: `There is no mark ${JSON.stringify(id)}: set one by POST /truth/mark` }, 404);
      }
      return bare({
        ...describe(at_epoch_ms, current),
        since_mark: {
          from_epoch_ms: mark.at_epoch_ms,
          to_epoch_ms: at_epoch_ms,
          elapsed_ms: at_epoch_ms - mark.at_epoch_ms,
          ...difference(current, mark.counters),
        },
      });
    }
    return bare({ error: "There are GET /truth, POST /truth/mark and GET /truth/window" }, 404);
  }

  function describe(at_epoch_ms: number, current: Counters): Truth {
    return {
      now_epoch_ms: at_epoch_ms,
      uptime_ms: at_epoch_ms - performance.timeOrigin,
      ...current,
      requests_by_route: byRoute,
      viewers: viewers.count,
      sockets: sockets.size + listeners.size,
      memory_held_bytes: viewers.memory_bytes,
      rss_bytes: Deno.memoryUsage().rss,
      memory_bytes: memory.read(at_epoch_ms),
      pid: Deno.pid,
      settings,
    };
  }

  function picture(): Response {
    const number = Math.floor(performance.now() * settings.fps / 1000);
    const pixels = pictures[number % LOOP_FRAMES];
    const body = new Uint8Array(4 + pixels.length);
    new DataView(body.buffer).setUint32(0, number, true);
    body.set(pixels, 4);
    return reply(body, BYTES_HEADERS);
  }

  const routes: Record<string, (request: Request, url: URL) => Response | Promise<Response>> = {
    "GET /api/frame": (request, url) => api(request, "GET /api/frame", url),
    "GET /api/chat": (request, url) => api(request, "GET /api/chat", url),
    "POST /api/chat": (request, url) => api(request, "POST /api/chat", url),
    "GET /api/events": (_, url) => openEvents(url),
    "GET /ws/chat": openSocket,
    "GET /frame": picture,
    "GET /stream.json": () => reply(stream, JSON_HEADERS),
    ...Object.fromEntries(pages.map(({ path, body, type }) => [
      `GET ${path}`,
      () => reply(body, { ...PAGE_HEADERS, "content-type": type }),
    ])),
  };

  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: settings.port,
    onListen() {},
    onError: (error) =>
      refuse(error instanceof RangeError ? 503 : 500, error instanceof Error ? error.message : "unknown"),
  }, (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/truth" || url.pathname.startsWith("/truth/")) return truth(url, request.method);
    const route = `${request.method} ${url.pathname}`;
    const known = Object.hasOwn(routes, route);
    sampleAround();
    done.requests += 1;
    byRoute[known ? route : "other"] = (byRoute[known ? route : "other"] ?? 0) + 1;
    return known ? routes[route](request, url) : refuse(404, `There is no ${route} here`);
  });

  sample();
  const timer = setInterval(tick, Math.min(STATE_EVERY_MS, settings.silence_ms / 4));
  const { port } = server.addr as Deno.NetAddr;
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    async close() {
      clearInterval(timer);
      for (const socket of sockets.keys()) socket.close(1001);
      for (const listener of listeners.keys()) listener.close();
      listeners.clear();
      await Promise.race([server.shutdown(), new Promise((resolve) => setTimeout(resolve, 500))]);
    },
  };
}

const VIEWER_HELP = "Cannot tell who watches: ?viewer= must have 1 to 64 letters, digits, - or _";

function viewerId(url: URL): string | null {
  const id = url.searchParams.get("viewer") ?? "";
  return /^[\w-]{1,64}$/.test(id) ? id : null;
}

function parseSaid(data: string): { type: "like" } | { type: "chat"; text: string } | null {
  try {
    const said = JSON.parse(data);
    if (said?.type === "like") return { type: "like" };
    const isChat = said?.type === "chat" && typeof said.text === "string" && said.text !== "" &&
      said.text.length <= MAX_TEXT;
    return isChat ? { type: "chat", text: said.text } : null;
  } catch {
    return null;
  }
}

function loadPages(): { path: string; body: Uint8Array<ArrayBuffer>; type: string }[] {
  const files = [
    { path: "/", file: "index.html", type: "text/html; charset=utf-8" },
    { path: "/player.js", file: "player.js", type: "text/javascript; charset=utf-8" },
    { path: "/style.css", file: "style.css", type: "text/css; charset=utf-8" },
    { path: "/favicon.svg", file: "favicon.svg", type: "image/svg+xml" },
    { path: "/favicon.ico", file: "favicon.svg", type: "image/svg+xml" },
  ];
  return files.map(({ path, file, type }) => ({
    path,
    body: Deno.readFileSync(new URL(`./page/${file}`, import.meta.url)),
    type,
  }));
}

function difference(after: Counters, before: Counters): Counters {
  const names = Object.keys(after) as (keyof Counters)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as unknown as Counters;
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Monotonic, counted from the wall-clock time of the process's start [ms since 1970]. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
