/** An HTTP/1.1 client for load: one request at a time over a connection of its own, every byte counted, every fault an outcome. */
export * from "./chunk_reader.ts";
export * from "./connection.ts";
export * from "./counted_stream.ts";
export * from "./malformed_response.ts";
export * from "./outcome_of.ts";
export * from "./parse_head.ts";
export * from "./parse_headers.ts";
export * from "./response_parser.ts";
export * from "./serialise_request.ts";
export * from "./wire.ts";
