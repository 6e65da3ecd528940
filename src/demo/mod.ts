/** The Streamer: a small live-stream and chat server whose costs are known. `main.ts` runs it as a process of its own. */
export { DEFAULT_SETTINGS, parseSettings, type StreamerSettings } from "./settings.ts";
export { PALETTE } from "./render_scene.ts";
export { type RunningStreamer, serveStreamer } from "./serve_streamer.ts";
export { startStreamer, type Streamer } from "./start_streamer.ts";
export type { Counters, Truth, TruthWindow } from "./truth.ts";
export { VIEWER_REQUESTS } from "./viewer_requests.ts";
