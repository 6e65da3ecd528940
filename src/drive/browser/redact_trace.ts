import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { redactUrl } from "./redact_url.ts";

type Event = Record<string, unknown>;

/** Parameters of actions that say where something was done, not what was typed. */
const HARMLESS = [
  "selector",
  "timeout",
  "state",
  "waitUntil",
  "x",
  "y",
  "deltaX",
  "deltaY",
  "type",
  "quality",
  "strict",
];

/**
 * A trace of Playwright without what may be secret: actions with their times and selectors. Pictures, page contents, console,
 * typed texts, sources and requests go.
 *
 * @param zip the file as Playwright wrote it.
 * @returns a file that `npx playwright show-trace` opens.
 */
export function redactTrace(zip: Uint8Array): Uint8Array<ArrayBuffer> {
  const kept = Object.entries(unzipSync(zip)).flatMap(([name, bytes]) => {
    if (!/\.(trace|network)$/.test(name)) return [];
    const lines = strFromU8(bytes).split("\n").filter((line) => line !== "").flatMap((line) => {
      const event = redactEvent(JSON.parse(line));
      return event ? [JSON.stringify(event) + "\n"] : [];
    });
    return [[name, strToU8(lines.join(""))] as const];
  });
  return zipSync(Object.fromEntries(kept)) as Uint8Array<ArrayBuffer>;
}

function redactEvent(event: Event): Event | undefined {
  switch (event.type) {
    case "context-options":
      return {
        ...pick(
          event,
          "version type origin libraryName libraryVersion browserName playwrightVersion platform wallTime",
        ),
        ...pick(event, "monotonicTime sdkLanguage contextId"),
        options: pick(event.options, "viewport deviceScaleFactor isMobile"),
      };
    case "before":
      return {
        ...pick(event, "type callId startTime class method stepId parentId pageId"),
        params: {
          ...pick(event.params, HARMLESS.join(" ")),
          ...(typeof (event.params as Event)?.url === "string"
            ? { url: redactUrl((event.params as { url: string }).url) }
            : {}),
        },
      };
    case "after":
      return {
        ...pick(event, "type callId endTime point"),
        ...(event.error ? { error: { name: "Error", message: "failed" } } : {}),
      };
    case "input":
      return pick(event, "type callId point");
    default:
      return undefined;
  }
}

function pick(value: unknown, names: string): Event {
  const from = (value ?? {}) as Event;
  return Object.fromEntries(names.split(" ").filter((name) => name in from).map((name) => [name, from[name]]));
}
