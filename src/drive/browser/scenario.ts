import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import type { Page } from "playwright";
import type { BrowserStep, Plan } from "../../schema/plan.ts";
import type { BrowserCall, BrowserModule } from "./browser_module.ts";
import { readPinned } from "./pin_scenario.ts";

/** What a scenario may do in one iteration, besides what a module may. */
export interface ScenarioCall extends BrowserCall {
  /** Whether nothing has been opened in this page yet. */
  fresh: boolean;
  plan: Plan;
  /** Whether a step of this iteration failed, an answer of the server included. */
  failed(): boolean;
  /** Whether the attempt has ended, so that no further step begins. */
  stopped(): boolean;
  /** Takes a screenshot and keeps it. */
  screenshot(): Promise<void>;
}

/** One iteration of a session; what a step of it throws is recorded already. */
export interface Scenario {
  /** Name of the step that an iteration starts with. */
  first: string;
  run(call: ScenarioCall): Promise<void>;
  /** Whether screenshots are taken by time. */
  timed: boolean;
  /** Whether it is code that somebody wrote: its own handlers of popups and dialogs go before ours. */
  module: boolean;
}

/**
 * The scenario that a plan asks for.
 *
 * @throws {Error} If its module was changed since the sweep began.
 */
export async function loadScenario(plan: Plan): Promise<Scenario> {
  const { steps, module } = plan.browser_scenario;
  if (module !== undefined) {
    readPinned(plan, "module");
    const { default: run }: { default: BrowserModule } = await import(pathToFileURL(resolve(module)).href);
    return { first: "scenario", timed: true, module: true, run };
  }
  const further = steps ? (call: ScenarioCall) => runSteps(steps, call) : interact;
  return {
    first: "goto",
    timed: !steps?.some(({ screenshot }) => screenshot),
    module: false,
    run: async (call) => {
      if (call.fresh) await call.step("goto", () => call.page.goto(plan.url, { waitUntil: "load" }));
      else await further(call);
    },
  };
}

/** The default scenario: the mouse moves, the page scrolls, and a text box, where there is one, gets a line. */
async function interact({ page, plan, session, iteration, step }: ScenarioCall): Promise<void> {
  const { width, height } = plan.browser_scenario.viewport;
  await step("interact", async () => {
    await page.mouse.move(width * (0.3 + 0.05 * (iteration % 9)), height * 0.4);
    await page.mouse.wheel(0, iteration % 2 === 0 ? 120 : -120);
    const box = page.locator("input[type=text]:visible, input:not([type]):visible, textarea:visible").first();
    if (await box.count() > 0) {
      await box.fill(`session ${session} says hello, ${iteration}`);
      await box.press("Enter");
    }
  });
}

async function runSteps(steps: BrowserStep[], call: ScenarioCall): Promise<void> {
  for (const step of steps) {
    const [action] = Object.keys(step).filter((key) => key !== "name");
    await call.step(step.name ?? action, () => act(step, call));
    if (call.failed() || call.stopped()) return;
  }
}

async function act(step: BrowserStep, call: ScenarioCall): Promise<unknown> {
  const { page, session, iteration } = call;
  const filled = (text: string) => text.replaceAll("{session}", `${session}`).replaceAll("{iteration}", `${iteration}`);
  if (step.goto !== undefined) return await page.goto(new URL(filled(step.goto), call.plan.url).href);
  if (step.click !== undefined) return await page.click(step.click);
  if (step.fill !== undefined) return await page.fill(step.fill[0], filled(step.fill[1]));
  if (step.press !== undefined) return await page.press(...step.press);
  if (typeof step.wait === "number") return await page.waitForTimeout(step.wait);
  if (step.wait !== undefined) return await page.waitForSelector(step.wait);
  if (step.scroll !== undefined) return await page.mouse.wheel(0, step.scroll);
  return await call.screenshot();
}

/** How much longer than the plan's timeout a step may take, as it was asked to wait [ms]. */
export function askedWait(plan: Plan): number {
  const waits = (plan.browser_scenario.steps ?? []).map(({ wait }) => typeof wait === "number" ? wait : 0);
  return Math.max(0, ...waits);
}

/** The page's own answer to a step, where that is what it gives. */
export function statusOf(given: unknown): number {
  const response = given as ReturnType<Page["goto"]> extends Promise<infer Response> ? Response : never;
  return typeof response?.status === "function" ? response.status() : 0;
}
