import { checkUrl } from "../plan/mod.ts";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import { accepts, openTarget, resolveTarget } from "./target.ts";

/** Where a target is, as found before anything is driven. */
export interface Reached {
  /** All addresses of the plan's host. */
  addresses: string[];
  /** The one that answers, which all sessions connect to. */
  address: string;
  port: number;
}

/**
 * Finds out, without load, that a sweep of this plan can begin: the URL may be loaded, something answers there, its
 * processes are found, and there is a browser where one is needed. A command is tried once, so that a wrong one shows before
 * anything is written.
 *
 * @param consent `HOST:PORT` that the user may load, if it is not loopback.
 * @throws {InputError} If something is not as the plan says.
 */
export async function reachTarget(plan: Plan, consent?: string): Promise<Reached> {
  const url = checkUrl(plan.url, consent);
  const addresses = await resolveTarget(url, consent !== undefined);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  if (plan.mode === "playwright") {
    const { findBrowser } = await import("../drive/find_browser.ts");
    await findBrowser({ path: plan.browser });
  }
  if (plan.target_command) {
    const target = await openTarget(plan, addresses[0], port);
    await target.end();
    return { addresses, address: addresses[0], port };
  }
  for (const address of addresses) {
    if (!await accepts(address, port)) continue;
    await openTarget(plan, address, port);
    return { addresses, address, port };
  }
  throw new InputError("--url", url.origin, `a URL that answers: nothing accepts connections on port ${port} there`);
}
