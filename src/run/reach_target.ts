import { checkUrl } from "../plan/mod.ts";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";
import type { HttpSecrets } from "../drive/driver.ts";
import type { ScrapeOptions } from "../sample/scrape_target.ts";
import { checkTls } from "./check_tls.ts";
import { isHere } from "./is_here.ts";
import { pinFiles } from "./pin_files.ts";
import { accepts, openTarget, resolvePage, resolveTarget, type TargetLimits } from "./target.ts";

/** Where a target is, as found before anything is driven. */
export interface Reached {
  /** The plan, with the hashes of the files that it names. */
  plan: Plan;
  /** All addresses of the plan's host. */
  addresses: string[];
  /** The one that answers, which all sessions connect to. */
  address: string;
  port: number;
  /** Its page of metrics, if the plan names one. */
  page?: ScrapeOptions;
  /** It is on another machine, where another share of the sweep samples it. */
  elsewhere?: boolean;
  /** What the target may use, as far as is known. */
  target_limits?: TargetLimits;
  /** What the sessions of `http` mode are given, and is written nowhere. */
  secrets?: HttpSecrets;
}

/** How a target is reached. */
export interface ReachOptions {
  /**
   * Whether it is one share of a sweep: then the target's processes may be on another share's machine.
   *
   * @default false
   */
  share?: boolean;
  /**
   * Whether somebody else starts it later: then nobody is asked there.
   *
   * @default false
   */
  isLater?: boolean;
}

/**
 * Finds out, without load, that a sweep of this plan can begin: the URL may be loaded, something answers there, its
 * certificate is trusted, its processes are found, there is a browser where one is needed, and the files and variables that its
 * scenario names are there. A
 * command is tried once, so that a wrong one shows before anything is written.
 *
 * @param consent `HOST:PORT` that the user may load, if it is not loopback.
 * @throws {InputError} If something is not as the plan says.
 */
export async function reachTarget(
  plan: Plan,
  consent?: string,
  options: ReachOptions = {},
): Promise<Reached> {
  const url = checkUrl(plan.url, consent);
  const page = await resolvePage(plan, consent);
  const addresses = await resolveTarget(url, consent !== undefined);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  if (plan.mode === "playwright") {
    const { checkBrowser } = await import("../drive/check_browser.ts");
    await checkBrowser({ path: plan.browser });
  }
  const { plan: pinned, secrets } = await pinFiles(plan);
  if (options.isLater) return { plan: pinned, addresses, address: addresses[0], port, secrets };
  if (plan.target_command) {
    const [address] = addresses;
    const target = await openTarget(plan, { address, port });
    try {
      if (plan.mode === "http") await checkTls(url, { address, port, ca: secrets?.ca });
    } finally {
      await target.end();
    }
    return { plan: pinned, addresses, address, port, target_limits: target.limits, secrets };
  }
  for (const address of addresses) {
    if (!await accepts(address, port)) continue;
    if (plan.mode === "http") await checkTls(url, { address, port, ca: secrets?.ca });
    const elsewhere = options.share === true && !isHere(address);
    const { limits } = await openTarget(plan, { address, port, page, elsewhere });
    const found = { plan: pinned, addresses, address, port, page, target_limits: limits, secrets };
    return { ...found, ...(elsewhere ? { elsewhere } : {}) };
  }
  throw new InputError("--url", url.origin, `a URL that answers: nothing accepts connections on port ${port} there`);
}
