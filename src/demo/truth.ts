import type { StreamerSettings } from "./settings.ts";

/** What the Streamer has done: cumulative, or over a window. Requests to `/truth` are not among it. */
export interface Counters {
  /** CPU time of the whole process, user and system [ms]. */
  cpu_ms: number;
  /** HTTP requests, WebSocket upgrades included. */
  requests: number;
  /** Those of them to `/api/*`: each has burned `cpu_ms` of the settings. */
  api_requests: number;
  /** Bodies of requests and payloads of WebSocket messages, received [bytes]. Headers are not counted. */
  bytes_in: number;
  /** Bodies of responses and payloads of WebSocket messages, sent [bytes]. Headers are not counted. */
  bytes_out: number;
  /** Chat messages that viewers wrote. */
  messages_sent: number;
  /** Chat messages that reached a viewer, one count a viewer. */
  messages_delivered: number;
  /** Chat messages that a viewer did not get because its socket was too slow, or its polls too rare. */
  messages_dropped: number;
}

/** Names of all {@linkcode Counters}. */
export const COUNTER_NAMES = [
  "cpu_ms",
  "requests",
  "api_requests",
  "bytes_in",
  "bytes_out",
  "messages_sent",
  "messages_delivered",
  "messages_dropped",
] as const satisfies readonly (keyof Counters)[];

/** {@linkcode Counters} over a span of time. */
export interface TruthWindow extends Counters {
  /** [ms since 1970] */
  from_epoch_ms: number;
  /** [ms since 1970] */
  to_epoch_ms: number;
  elapsed_ms: number;
  /** The most that was held at one of the samples, as `memory_bytes` of {@linkcode Truth}. */
  memory_peak_bytes: number;
}

/** What `GET /truth` answers. */
export interface Truth extends Counters {
  /** Monotonic, counted from the wall-clock time of the process's start [ms since 1970]. */
  now_epoch_ms: number;
  uptime_ms: number;
  /** Keyed `GET /api/frame`; what is not found is `other`. */
  requests_by_route: Record<string, number>;
  viewers: number;
  /** Open WebSockets, and listeners to server-sent events. */
  sockets: number;
  /** Memory held for the viewers, nothing else [bytes]. */
  memory_held_bytes: number;
  rss_bytes: number;
  /** What the process holds alone, and its share of what it shares with others: what would be free without it. */
  memory_bytes: number;
  pid: number;
  settings: StreamerSettings;
  /** With `?mark=ID`: what was done since the mark. */
  since_mark?: Omit<TruthWindow, "memory_peak_bytes">;
}
