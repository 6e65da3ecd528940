import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import type { ParseArgsConfig } from "node:util";
import { cgroupLimits } from "../sample/cgroup_limits.ts";
import { defaultLevels, makePlan, parseDuration, parseLevels, type PlanInput } from "../plan/mod.ts";
import { InputError } from "../schema/input_error.ts";
import type { Mode, Plan } from "../schema/plan.ts";
import { type Flags, readNumber } from "./flags.ts";

/** Flags of a plan, as `node:util` describes them. */
export const PLAN_FLAGS: NonNullable<ParseArgsConfig["options"]> = Object.fromEntries(
  [
    "mode",
    "url",
    "levels",
    "replicates",
    "duration",
    "warmup",
    "pace",
    "timeout",
    "idle",
    "sample-interval",
    "seed",
    "size-groups",
    "screenshot-every",
    "browser",
    "target-pid",
    "target-port",
    "target-command",
  ].map((name) => [name, { type: "string" }]),
);

const DURATIONS = ["duration", "warmup", "pace", "timeout", "idle", "sample-interval"];
const COUNTS = {
  replicates: [1, 100],
  seed: [0, 2 ** 32 - 1],
  "target-pid": [1, 2 ** 31 - 1],
  "target-port": [1, 65_535],
};

/**
 * Makes a plan from a plan file, if one is given, and flags, which override its fields one to one.
 *
 * @throws {InputError} If the file or a flag is not right.
 */
export function planFromFlags({ values, positionals }: Flags): Plan {
  const plan: Record<string, unknown> = positionals[0] === undefined ? {} : readPlanFile(positionals[0]);
  const text = (name: string) => values[name] as string | undefined;
  const given = (name: string, read: (value: string) => unknown, field = name.replaceAll("-", "_")) => {
    const value = text(name);
    if (value !== undefined) plan[field] = read(value);
  };
  given("mode", (value) => value);
  given("url", (value) => value);
  given("levels", (value) => parseLevels(value));
  for (const name of DURATIONS) {
    given(name, (value) => parseDuration(value, `--${name}`), `${name.replaceAll("-", "_")}_ms`);
  }
  for (const [name, [low, high]] of Object.entries(COUNTS)) {
    given(name, (value) => readNumber(value, `--${name}`, { low, high, whole: true }));
  }
  given("size-groups", (value) => value.split(","));
  given("browser", (value) => value);
  given("target-command", (value) => splitCommand(value));
  given("screenshot-every", (value) => ({
    ...plan.browser_scenario as object,
    screenshot_every_ms: value === "0" ? 0 : parseDuration(value, "--screenshot-every"),
  }), "browser_scenario");
  if (plan.url === undefined) {
    throw new InputError("--url", "nothing", "the URL that the sessions load, for example http://127.0.0.1:8080/");
  }
  if (plan.mode !== undefined && plan.mode !== "http" && plan.mode !== "playwright") {
    throw new InputError("--mode", plan.mode, "http or playwright");
  }
  if (plan.levels === undefined) plan.levels = defaultLevels((plan.mode ?? "http") as Mode, machine());
  return makePlan(plan as unknown as PlanInput);
}

function readPlanFile(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new InputError("PLAN.json", path, `a JSON file (${(error as Error).message.split("\n")[0]})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError("PLAN.json", path, "a JSON object with the fields of a plan, see `plimsoll schema plan`");
  }
  return value as Record<string, unknown>;
}

/** Splits a command line at blanks; quotes keep a part with blanks whole. No shell sees it. */
function splitCommand(text: string): string[] {
  const parts = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) =>
    double ?? single ?? bare
  );
  if (parts.length === 0) throw new InputError("--target-command", text, "a program and its arguments");
  return parts;
}

function machine(): { cores: number; memory_bytes: number } {
  const limits = Deno.build.os === "linux" ? cgroupLimits() : {};
  return {
    cores: Math.min(cpus().length, limits.cores ?? Infinity),
    memory_bytes: Math.min(totalmem(), limits.memory_bytes ?? Infinity),
  };
}
