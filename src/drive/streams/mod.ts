/** Streams of messages, WebSockets and server-sent events, as a client under load has them. */
export * from "./message_stream.ts";
export * from "./protocol.ts";
export * from "./server_sent_events.ts";
export * from "./web_socket.ts";
