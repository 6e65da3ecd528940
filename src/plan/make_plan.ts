import type { z } from "zod";
import { InputError } from "../schema/input_error.ts";
import { httpRequestSchema, type Plan, planSchema, sseStepSchema, webSocketStepSchema } from "../schema/plan.ts";
import { checkHttpScenario } from "./check_http_scenario.ts";

/** The ways to name a target; a plan has one at most. */
const TARGETS = [
  "target_pid",
  "target_port",
  "target_command",
  "target_name",
  "target_cgroup",
  "target_prometheus",
] as const;

/** Between which levels a limit is looked for if nobody says. */
const ANY_LEVEL = [1, 100_000];

/** A plan with everything optional but what nobody can guess. */
export type PlanInput = Pick<Plan, "url"> & Partial<Omit<Plan, "browser_scenario">> & {
  browser_scenario?: Partial<Plan["browser_scenario"]>;
};

/**
 * Completes and validates a plan.
 *
 * @param input what is to be different from the defaults: `http` mode, levels 1 to 32, 3 replicates of 30 s after
 *   5 s of warm-up, one iteration a second and session.
 * @returns the whole plan, levels ascending.
 * @throws {InputError} If a field is unknown or out of bounds; the message names the first one.
 *
 * @example Two short levels
 * ```ts
 * import { makePlan } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const plan = makePlan({ url: "http://127.0.0.1:8080/", levels: [2, 1], duration_ms: 5000 });
 * assert.deepEqual([plan.levels, plan.replicates, plan.pace_ms], [[1, 2], 3, 1000]);
 * ```
 */
export function makePlan(input: PlanInput): Plan {
  const mode = input.mode ?? "http";
  const parsed = planSchema.safeParse({
    mode,
    levels: input.find_limit ? ANY_LEVEL : mode === "playwright" ? [1, 2, 3, 4] : [1, 2, 4, 8, 16, 32],
    replicates: 3,
    duration_ms: 30_000,
    warmup_ms: 5000,
    pace_ms: input.think?.mean_ms ?? (mode === "playwright" ? 2000 : 1000),
    timeout_ms: 10_000,
    idle_ms: 5000,
    cooldown_ms: 5000,
    sample_interval_ms: 500,
    seed: 1,
    rows_per_s_max: 20_000,
    size_groups: mode === "playwright" ? ["target", "browser"] : ["target"],
    requests: [],
    ...withoutUndefined(input),
    browser_scenario: {
      viewport: { width: 1280, height: 720 },
      screenshot_every_ms: 5000,
      screenshot_format: "jpeg",
      screenshot_quality: 70,
      ...input.browser_scenario,
    },
  });
  if (!parsed.success) throw inputError(parsed.error.issues[0], input);
  const plan = parsed.data;
  const named = TARGETS.filter((field) => plan[field] !== undefined);
  if (plan.mode === "command" && plan.command === undefined) {
    throw new InputError(
      "command",
      "nothing",
      'the load generator and its arguments, for example "wrk -c {sessions} -d {duration}s URL"',
    );
  }
  if (plan.mode === "command" && (plan.agents ?? 1) > 1) {
    throw new InputError("agents", plan.agents, "1, or mode http or playwright: your load generator is started once");
  }
  checkLoad(plan);
  if (plan.find_limit !== undefined) checkLimit(plan);
  if (plan.mode !== "playwright" && plan.size_groups.includes("browser")) {
    throw new InputError(
      "size_groups",
      plan.size_groups.join(),
      "target, or mode playwright: there are no browsers otherwise",
    );
  }
  checkHttpScenario(plan);
  const { module, setup = [], teardown = [] } = plan.http_scenario ?? {};
  if (module !== undefined && setup.length + plan.requests.length + teardown.length > 0) {
    const remedy = "a module or lists of steps, not both: it may export setup and teardown";
    throw new InputError("http_scenario.module", module, remedy);
  }
  const all = [...setup, ...plan.requests, ...teardown];
  const mixed = all.find((step) =>
    "sse" in step && all.some((other) => "websocket" in other && other.name === step.name)
  );
  if (mixed) {
    throw new InputError("requests", mixed.name, "a name of its own: one WebSocket and one stream of events share it");
  }
  if (named.length > 1) {
    throw new InputError("target", named.join(" and "), `only one of ${TARGETS.join(", ")}`);
  }
  if (plan.target_labels !== undefined && plan.target_prometheus === undefined) {
    throw new InputError("target_labels", plan.target_labels, "target_prometheus too, the page that has these labels");
  }
  return { ...plan, levels: [...new Set(plan.levels)].sort((a, b) => a - b) };
}

/** Whether the load is one of the models, and one that the mode can make. */
function checkLoad({ mode, pace_ms, think, arrivals, ramp_ms = 0 }: Plan): void {
  if (mode === "command" && (think || arrivals || ramp_ms > 0)) {
    const field = think ? "think" : arrivals ? "arrivals" : "ramp_ms";
    throw new InputError(field, { think, arrivals, ramp_ms }[field], "left out: the load generator decides it itself");
  }
  if (mode === "playwright" && arrivals) {
    throw new InputError(
      "arrivals",
      arrivals,
      "left out, or mode http: a browser takes too long to open for one arrival",
    );
  }
  if (think && arrivals) throw new InputError("arrivals", arrivals, "left out, or no think: arrivals wait for nobody");
  if (think && pace_ms !== think.mean_ms) {
    throw new InputError("pace_ms", pace_ms, "left out, or no think: one of them says when the next iteration starts");
  }
}

function checkLimit({ mode, find_limit, levels }: Plan): void {
  if (mode === "command") {
    throw new InputError(
      "find_limit",
      find_limit,
      "mode http or playwright: what sessions of another load generator wait for is not known here",
    );
  }
  if (new Set(find_limit!.map(({ metric }) => metric)).size < find_limit!.length) {
    throw new InputError("find_limit", find_limit, "each metric once");
  }
  if (new Set(levels).size < 2) {
    throw new InputError(
      "levels",
      levels.join(),
      "where the search begins and where it ends, for example 1..1000, or leave them out",
    );
  }
}

function withoutUndefined(input: object): object {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

function inputError(issue: z.core.$ZodIssue, input: object): InputError {
  const depth = issue.path[0] === "requests" ? 2 : issue.path[0] === "http_scenario" ? 3 : 0;
  const step = valueAt(input, issue.path.slice(0, depth));
  if (depth > 0 && issue.path.length >= depth && typeof step === "object" && step !== null) {
    return stepError(issue, { step, path: issue.path.slice(0, depth) });
  }
  if (issue.code === "unrecognized_keys") {
    return new InputError(issue.keys[0], "an unknown field", `one of ${Object.keys(planSchema.shape).join(", ")}`);
  }
  return new InputError(issue.path.join("."), valueAt(input, issue.path), wanted(issue));
}

const STEPS = [
  { key: "path", what: "a request", schema: httpRequestSchema },
  { key: "websocket", what: "a step on a WebSocket", schema: webSocketStepSchema },
  { key: "sse", what: "a step on server-sent events", schema: sseStepSchema },
];

/** Of a step of `http` mode: which kind was meant, and which field of it is wrong. */
function stepError(issue: z.core.$ZodIssue, { step, path }: { step: object; path: PropertyKey[] }): InputError {
  const meant = STEPS.findIndex(({ key }) => key in step);
  if (meant === -1) {
    const keys = STEPS.map(({ key }) => key).join(", ");
    return new InputError(path.join("."), Object.keys(step).join(", "), `a step that has one of ${keys}`);
  }
  const { what, schema } = STEPS[meant];
  const inner = issue.code === "invalid_union" && issue.path.length === path.length
    ? issue.errors[meant][0]
    : { ...issue, path: issue.path.slice(path.length) };
  if (inner.code === "unrecognized_keys") {
    const fields = Object.keys(schema.shape).join(", ");
    return new InputError([...path, inner.keys[0]].join("."), "an unknown field", `one of ${fields}: it is ${what}`);
  }
  const wants = `${wanted(inner)}: it is ${what}`;
  return new InputError([...path, ...inner.path].join("."), valueAt(step, inner.path), wants);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], input);
}

function wanted(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_small") return `at least ${issue.minimum}`;
  if (issue.code === "too_big") return `at most ${issue.maximum}`;
  if (issue.code === "invalid_value") return `one of ${issue.values.join(", ")}`;
  if (issue.code === "invalid_type") {
    return issue.expected === "int" ? "a whole number" : `a value of type ${issue.expected}`;
  }
  return issue.message;
}
