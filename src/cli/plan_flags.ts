import { cpus, totalmem } from "node:os";
import type { ParseArgsConfig } from "node:util";
import { cgroupLimits } from "../sample/cgroup_limits.ts";
import {
  defaultLevels,
  makePlan,
  parseDuration,
  parseLevels,
  parseLimit,
  parseThink,
  type PlanInput,
} from "../plan/mod.ts";
import { InputError } from "../schema/input_error.ts";
import type { Mode, Plan } from "../schema/plan.ts";
import { type Flags, readNumber } from "./flags.ts";
import { readJsonFile } from "./read_json_file.ts";

/** Flags of a plan, as `node:util` describes them. */
export const PLAN_FLAGS: NonNullable<ParseArgsConfig["options"]> = Object.fromEntries(
  [
    "mode",
    "url",
    "levels",
    "find-limit",
    "replicates",
    "duration",
    "warmup",
    "pace",
    "think",
    "arrivals",
    "ramp",
    "max-rows-per-s",
    "timeout",
    "idle",
    "cooldown",
    "sample-interval",
    "seed",
    "agents",
    "size-groups",
    "scenario",
    "isolation",
    "users",
    "ca",
    "storage-state",
    "screenshot-every",
    "screenshot-format",
    "screenshot-quality",
    "browser",
    "target-pid",
    "target-port",
    "target-command",
    "target-name",
    "target-cgroup",
    "target-prometheus",
    "target-labels",
    "command",
  ].map((name) => [name, { type: "string" }]),
);
for (const name of ["har", "trace"]) PLAN_FLAGS[name] = { type: "boolean" };

const DURATIONS = ["duration", "warmup", "pace", "ramp", "timeout", "idle", "cooldown", "sample-interval"];
/** May be 0, without a unit. */
const NONE = ["cooldown", "ramp"];
const COUNTS = {
  replicates: [1, 100],
  seed: [0, 2 ** 32 - 1],
  agents: [1, 256],
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
  given("find-limit", (value) => parseLimit(value));
  for (const name of DURATIONS) {
    const read = (value: string) => NONE.includes(name) && value === "0" ? 0 : parseDuration(value, `--${name}`);
    given(name, read, `${name.replaceAll("-", "_")}_ms`);
  }
  for (const [name, [low, high]] of Object.entries(COUNTS)) {
    given(name, (value) => readNumber(value, `--${name}`, { low, high, whole: true }));
  }
  given("think", (value) => parseThink(value));
  // A plan has one of the two: what is asked for now counts.
  if (text("think") !== undefined && text("pace") === undefined) delete plan.pace_ms;
  if (text("pace") !== undefined && text("think") === undefined) delete plan.think;
  given("arrivals", (value) => value);
  given(
    "max-rows-per-s",
    (value) => readNumber(value, "--max-rows-per-s", { low: 1, high: 10_000_000, whole: true }),
    "rows_per_s_max",
  );
  given("size-groups", (value) => value.split(","));
  given("browser", (value) => value);
  given("target-command", (value) => splitCommand(value));
  for (const name of ["target-name", "target-cgroup", "target-prometheus"]) given(name, (value) => value);
  given("target-labels", readLabels);
  given("command", (value) => splitCommand(value));
  const inScenario = (name: string, read: (value: string) => object) =>
    given(name, (value) => ({ ...plan.browser_scenario as object, ...read(value) }), "browser_scenario");
  const inHttp = (name: string, read: (value: string) => object) =>
    given(name, (value) => ({ ...plan.http_scenario as object, ...read(value) }), "http_scenario");
  inHttp("users", (users) => ({ users }));
  inHttp("ca", (ca) => ({ ca, ca_sha256: undefined }));
  if ((plan.mode ?? "http") !== "http") inScenario("scenario", readScenario);
  else if (text("scenario") !== undefined) {
    const { steps = [], module } = readScenario(text("scenario")!);
    inHttp("scenario", () => ({ module, module_sha256: undefined }));
    plan.requests = steps;
  }
  inScenario("isolation", (isolation) => ({ isolation }));
  inScenario("storage-state", (storage_state) => ({ storage_state }));
  inScenario("screenshot-every", (value) => ({
    screenshot_every_ms: value === "0" ? 0 : parseDuration(value, "--screenshot-every"),
  }));
  inScenario("screenshot-format", (screenshot_format) => ({ screenshot_format }));
  inScenario("screenshot-quality", (value) => ({
    screenshot_quality: readNumber(value, "--screenshot-quality", { low: 1, high: 100, whole: true }),
  }));
  if (values.har || values.trace) {
    const kept = { ...(values.har ? { har: true } : {}), ...(values.trace ? { trace: true } : {}) };
    plan.browser_scenario = { ...plan.browser_scenario as object, ...kept };
  }
  if (plan.url === undefined) {
    throw new InputError("--url", "nothing", "the URL that the sessions load, for example http://127.0.0.1:8080/");
  }
  if (plan.mode !== undefined && !["http", "playwright", "command"].includes(plan.mode as string)) {
    throw new InputError("--mode", plan.mode, "http, playwright or command");
  }
  if (plan.levels === undefined && plan.find_limit === undefined) {
    plan.levels = defaultLevels((plan.mode ?? "http") as Mode, machine());
  }
  try {
    return makePlan(plan as unknown as PlanInput);
  } catch (error) {
    const flag = error instanceof InputError && error.field.replace(/_ms$/, "").replaceAll("_", "-");
    if (!flag || !DURATIONS.includes(flag) || text(flag) === undefined) throw error;
    const { remedy } = error as InputError;
    throw new InputError(`--${flag}`, text(flag), /\d$/.test(remedy) ? `${remedy} ms` : remedy);
  }
}

/** Steps from a JSON file; any other file is a module. */
function readScenario(path: string): { module?: string; steps?: unknown } {
  if (!path.endsWith(".json")) return { module: path, steps: undefined };
  const wanted = "a JSON file with a list of steps, or a module";
  return { steps: readJsonFile(path, { field: "--scenario", wanted }), module: undefined };
}

function readPlanFile(path: string): Record<string, unknown> {
  const value = readJsonFile(path, { field: "PLAN.json", wanted: "a JSON file" });
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

/** Reads `name=value,name=value`. */
function readLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(",").map((pair) => {
      const [, name, value] = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)=(.+)$/.exec(pair) ?? [];
      if (name === undefined) throw new InputError("--target-labels", text, "labels as name=web,instance=host:9100");
      return [name, value];
    }),
  );
}

function machine(): { cores: number; memory_bytes: number } {
  const limits = Deno.build.os === "linux" ? cgroupLimits() : {};
  return {
    cores: Math.min(cpus().length, limits.cores ?? Infinity),
    memory_bytes: Math.min(totalmem(), limits.memory_bytes ?? Infinity),
  };
}
