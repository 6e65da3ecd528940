import type { HttpStep } from "../../schema/plan.ts";
import { type RequestSetting, RequestStep } from "./request_step.ts";
import type { Step } from "./step.ts";

/**
 * Makes the steps of a plan's list, each by its kind.
 *
 * @throws {TypeError} If one cannot be written as HTTP.
 */
export function makeSteps(steps: readonly HttpStep[], setting: RequestSetting): Step[] {
  return steps.map((step) => new RequestStep(step, setting));
}
