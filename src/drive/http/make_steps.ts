import type { HttpStep } from "../../schema/plan.ts";
import { type RequestSetting, RequestStep } from "./request_step.ts";
import type { Step } from "./step.ts";

/**
 * Makes the steps of a plan's list, each by its kind. What only streams need is loaded where there are some.
 *
 * @throws {TypeError} If one cannot be written as HTTP.
 */
export function makeSteps(steps: readonly HttpStep[], setting: RequestSetting): Promise<Step[]> {
  return Promise.all(steps.map((step) => makeStep(step, setting)));
}

async function makeStep(step: HttpStep, setting: RequestSetting): Promise<Step> {
  if ("path" in step) return new RequestStep(step, setting);
  const { StreamStep } = await import("./stream_step.ts");
  if ("sse" in step) {
    const { serverSentEvents } = await import("../streams/server_sent_events.ts");
    return new StreamStep(step, serverSentEvents, setting);
  }
  const { webSocket } = await import("../streams/web_socket.ts");
  return new StreamStep(step, webSocket, setting);
}
