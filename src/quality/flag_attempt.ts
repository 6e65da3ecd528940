import type { Flag } from "../schema/levels.ts";
import type { AttemptFacts } from "./attempt_facts.ts";

/** Share of the machine, or of one thread, from which on it counts as pinned. */
const PINNED = 0.9;
const PINNED_THREAD = 0.95;
/** Share of its capacity up to which nothing is called saturated, whatever its limits did in bursts. */
const FREE = 0.6;
/** Share of the time that tasks were held back from which on it counts. */
const HELD_BACK = 0.1;
const LATE = 0.05;
/** Share of a target's use from which on one thread is taken for the one that it all goes through. */
const MAIN_THREAD = 0.7;
/** With less than this share of the planned iterations, what all of them would have needed is a guess. */
const LEAST_DELIVERED = 0.25;
const ERRORS = 0.05;
const STEAL = 0.02;
const LOOP_LAG_MS = 50;
const START_LATE = 0.1;
const FEWEST_SAMPLES = 4;

/**
 * Decides what sets an attempt apart, and which fits it is left out of.
 *
 * Resource use at saturation is cut off at the capacity, so it says nothing of demand; the throughput there is what a
 * throughput curve needs. Where the machine or the generator was the limit, neither says anything of the target.
 *
 * @param facts numbers over the steady window.
 * @returns the flags, each with the number that decided; empty for a clean attempt.
 *
 * @example A target that uses up one thread
 * ```ts
 * import { flagAttempt } from "./flag_attempt.ts";
 * import assert from "node:assert/strict";
 *
 * const facts = { level: 8, planned: 80, delivered: 50, capacity_cores: 2, target_cores: 0.99, system_cores: 1.1,
 *   target_hottest_thread: 0.98, pace_ms: 1000, samples: 20 };
 * assert.equal(flagAttempt(facts)[0].name, "target_saturated");
 * ```
 */
export function flagAttempt(facts: AttemptFacts): Flag[] {
  const flags: Flag[] = [];
  const add = (name: Flag["name"], reason: string, ...excluded_from: Flag["excluded_from"]) =>
    flags.push({ name, reason, excluded_from });
  const capacity = facts.capacity_cores;

  if (facts.samples < FEWEST_SAMPLES) {
    add("few_samples", `only ${facts.samples} resource samples in the steady window`, "demand");
  }
  if (facts.failed || (facts.error_ratio ?? 0) > ERRORS) {
    const share = facts.error_ratio === undefined ? "more than 50 %" : percent(facts.error_ratio);
    add("failing", `${share} of the requests failed`, "demand", "throughput");
  }

  if (facts.command !== undefined) add("failing", facts.command, "demand", "throughput");

  const generator = generatorLimit(facts);
  if (generator) add("generator_limited", generator, "demand", "throughput");

  // Where the run is in a cgroup with a limit, that is its machine as well.
  const machineBusy = Math.max((facts.system_cores ?? 0) / (facts.machine_cores ?? capacity), facts.shared_busy ?? 0);
  const targetBusy = (facts.target_cores ?? 0) / capacity;
  const { memory_pressure_ratio: pressure = 0, machine_memory_share = 0 } = facts;
  const memoryShort = pressure >= HELD_BACK && machine_memory_share > FREE;
  const saturated = saturation(facts, targetBusy, machineBusy, generator !== undefined || memoryShort);
  const overloaded = saturated ? undefined : overload(facts);
  if (saturated) add("target_saturated", saturated, "demand");
  else if (overloaded) add("target_saturated", overloaded, "demand");
  if (!saturated && (machineBusy >= PINNED || memoryShort)) {
    const busy = `the machine was ${percent(machineBusy)} busy, the target ${percent(targetBusy)}`;
    const short = `tasks waited for memory ${percent(pressure)} of the time, at ${
      percent(machine_memory_share)
    } of it in use`;
    add("machine_limited", machineBusy >= PINNED ? busy : short, "demand", "throughput");
  }

  if ((facts.target_cores ?? 0) > capacity * 1.05) {
    add("inconsistent", `${facts.target_cores!.toFixed(2)} cores were counted on ${capacity}`, "demand", "throughput");
  }
  if ((facts.steal_ratio ?? 0) > STEAL) {
    add("steal", `the hypervisor took away ${percent(facts.steal_ratio!)} of the time`);
  }
  return flags;
}

function generatorLimit(facts: AttemptFacts): string | undefined {
  const { generator_hottest_thread: thread = 0, loop_lag_p99_ms: lag_ms = 0, start_late_p99_ms: late_ms = 0 } = facts;
  if (thread >= PINNED) return `the generator's busiest thread used ${percent(thread)} of a core`;
  const { other_machine_busy: other = 0 } = facts;
  if (other >= PINNED) return `a machine that drove another share was ${percent(other)} busy`;
  if (lag_ms > LOOP_LAG_MS) return `the generator's event loop was ${lag_ms.toFixed(0)} ms late (p99)`;
  if (late_ms > START_LATE * facts.pace_ms) {
    return `iterations started ${late_ms.toFixed(0)} ms late (p99) at a pace of ${facts.pace_ms} ms`;
  }
  return undefined;
}

function saturation(
  facts: AttemptFacts,
  targetBusy: number,
  machineBusy: number,
  limited: boolean,
): string | undefined {
  if (targetBusy >= PINNED) return `the target used ${percent(targetBusy)} of the machine's cores`;
  const thread = facts.target_hottest_thread ?? 0;
  if (thread >= PINNED_THREAD) return `the target's busiest thread used ${percent(thread)} of a core`;
  const { throttled_ratio: throttled = 0, memory_pressure_ratio: pressure = 0, target_memory_share: memory = 0 } =
    facts;
  if (throttled >= HELD_BACK && targetBusy > FREE) {
    return `the CPU limit held the target back ${percent(throttled)} of the time, at ${
      percent(targetBusy)
    } of it on average`;
  }
  if (pressure >= HELD_BACK && memory > FREE) {
    return `tasks waited for memory ${percent(pressure)} of the time, and the target used ${
      percent(memory)
    } of what it may`;
  }
  // A target that waits for something else can be full while its processors are idle; a busy machine or generator, or
  // errors, explain lateness otherwise.
  const failing = facts.failed || (facts.error_ratio ?? 0) > ERRORS;
  const late = lateness(facts);
  if (late > LATE && machineBusy < PINNED && !limited && !failing) {
    return `${percent(late)} of the planned iterations were not delivered while the machine was ${
      percent(machineBusy)
    } busy`;
  }
  return undefined;
}

/**
 * Whether the target would have been full on a free machine too: all of the plan at the price of what was delivered is more than
 * there is.
 */
function overload(facts: AttemptFacts): string | undefined {
  const { planned, delivered = planned, target_cores: cores = 0, target_hottest_thread: thread = 0 } = facts;
  const failing = facts.failed || (facts.error_ratio ?? 0) > ERRORS;
  if (failing || lateness(facts) <= LATE || delivered < LEAST_DELIVERED * planned) return undefined;
  const whole = cores * planned / delivered / facts.capacity_cores;
  if (whole >= 1) return `all of the planned iterations would have taken ${percent(whole)} of the target's cores`;
  const one = thread * planned / delivered;
  if (one < 1 || thread < MAIN_THREAD * cores) return undefined;
  return `all of the planned iterations would have taken ${percent(one)} of a core in the target's busiest thread`;
}

/** Share of the planned iterations that did not happen, 0–1; none where chance at the window's ends explains it. */
function lateness({ level, planned, delivered = planned, undelivered = 0 }: AttemptFacts): number {
  if (planned === 0) return 0;
  // Each session may have one iteration under way at either end, and one hiccup is no saturation.
  const short = planned - delivered - level;
  return Math.max(undelivered >= 2 ? undelivered : 0, short, 0) / planned;
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(ratio < 0.1 ? 1 : 0)} %`;
}
