import type { HttpRequest } from "../schema/mod.ts";

/** What a viewer does in one iteration over HTTP: fetches a piece of the stream, says something, reads what was said. */
export const VIEWER_REQUESTS: HttpRequest[] = [
  { name: "frame", method: "GET", path: "/api/frame?viewer={session}" },
  {
    name: "say",
    method: "POST",
    path: "/api/chat?viewer={session}",
    body: "session {session} says hello, {iteration}",
  },
  { name: "read", method: "GET", path: "/api/chat?viewer={session}" },
];
