import type { HttpScenario } from "../../schema/plan.ts";
import { type LoadedModule, loadModule } from "./load_module.ts";
import type { RequestSetting } from "./request_step.ts";
import type { Protocol } from "./stream_step.ts";

/** A module, and what its calls need. */
export interface PreparedModule {
  exported: LoadedModule;
  /** The plan's. */
  url: string;
  request: RequestSetting;
  protocols: { webSocket: Protocol; serverSentEvents: Protocol };
}

/**
 * Loads a scenario's module, and all that it may ask for.
 *
 * @param path absolute.
 * @throws {Error} If it was changed since the sweep began, or cannot be loaded.
 */
export async function prepareModule(
  path: string,
  { scenario, url, request }: { scenario: HttpScenario; url: string; request: RequestSetting },
): Promise<PreparedModule> {
  const { serverSentEvents } = await import("../streams/server_sent_events.ts");
  const { webSocket } = await import("../streams/web_socket.ts");
  const exported = await loadModule(path, scenario);
  return { exported, url, request: { ...request, keep: true }, protocols: { webSocket, serverSentEvents } };
}
