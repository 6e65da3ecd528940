import { modulePermissions } from "../drive/http/pin_module.ts";
import type { HttpStep, Plan } from "../schema/plan.ts";

/** What the library for WebSockets asks the environment when it is loaded. */
const OF_WEB_SOCKETS = "--allow-env=WS_NO_BUFFER_UTIL,WS_NO_UTF_8_VALIDATE";

/**
 * What the agent that drives HTTP sessions may do: connect to the target, write in its folder, and what its steps need.
 *
 * @param plan its `http_scenario` is looked at, and its steps.
 * @param reach where the agent writes, and the target as it was resolved.
 * @returns permission flags of Deno.
 *
 * @example
 * ```ts
 * import { makePlan } from "plimsoll";
 * import { agentPermissions } from "./agent_permissions.ts";
 * import assert from "node:assert/strict";
 *
 * const plan = makePlan({ url: "http://localhost:8080/" });
 * assert.deepEqual(agentPermissions(plan, { folder: "/run", address: "::1", port: 8080 }), [
 *   "--allow-net=[::1]:8080",
 *   "--allow-write=/run",
 * ]);
 * ```
 */
export function agentPermissions(plan: Plan, reach: { folder: string; address: string; port: number }): string[] {
  const host = reach.address.includes(":") ? `[${reach.address}]` : reach.address;
  const { module, setup = [], teardown = [] } = plan.http_scenario ?? {};
  const steps = [...setup, ...plan.requests, ...teardown];
  const isWebSocket = (step: HttpStep) => "websocket" in step;
  return [
    `--allow-net=${host}:${reach.port}`,
    `--allow-write=${reach.folder}`,
    ...(module !== undefined || steps.some(isWebSocket) ? [OF_WEB_SOCKETS] : []),
    ...(module === undefined ? [] : modulePermissions(module)),
  ];
}
