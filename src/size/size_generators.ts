import type { Assumptions, GeneratorRow, MetricFit, Use } from "../schema/mod.ts";
import { applyRule } from "./apply_rule.ts";
import { fitGroups, type SizingRun } from "./parts.ts";
import { largest, roomOf } from "./plan_fleet.ts";
import { furthest, readDemand, scaleUse, topLevelOf } from "./read_demand.ts";

/**
 * Machines that drive a sweep at a target: what the generator used, in `playwright` mode with its browsers, read up to four times the
 * highest level.
 *
 * They are as large as the machine that was measured, of workers the smallest, or of the chosen shape, and are kept below the same utilisation and with the
 * same memory headroom as what is bought.
 *
 * @param run A run.
 * @param assumptions Targets, utilisation, headroom, shape.
 * @returns One row a target; none where the generator's cores were not measured.
 */
export function sizeGenerators(run: SizingRun, assumptions: Assumptions): GeneratorRow[] {
  const { mode, capacity, worker_capacity = capacity } = run.summary;
  const groups = mode === "playwright" ? ["generator", "browser"] : ["generator"];
  // Of what drives all is on one machine, so that one fit says it.
  const [cores] = fitGroups(run, groups, "cores");
  const [memory] = fitGroups(run, groups, "memory_bytes");
  const top = cores && topLevelOf(cores);
  if (!cores?.accepted || top === undefined) return [];
  const shape = assumptions.shapes.find(({ name }) => name === assumptions.shape);
  const machine = {
    cores: shape?.vcpus ?? worker_capacity.cores,
    memory_bytes: shape ? roomOf(shape, "memory_bytes") : worker_capacity.memory_bytes,
  };
  const fits: ["cores" | "memory_bytes", MetricFit][] = [["cores", cores]];
  if (memory?.accepted) fits.push(["memory_bytes", memory]);
  const lacking = (sessions: number) =>
    fits.find(([metric, fit]) =>
      applyRule(metric, readDemand(fit, metric, sessions), assumptions) > Math.max(machine[metric], 0)
    )?.[0];
  return assumptions.targets.map((target): GeneratorRow => {
    const peakSessions = target * assumptions.peak;
    const whole = Math.ceil(peakSessions - 1e-9);
    const reach = Math.min(whole, 4 * top);
    const most = largest(reach, (tried) => lacking(tried) === undefined);
    const sessions = Math.max(1, most);
    const machines = Math.ceil(peakSessions / sessions - 1e-9);
    const reads = fits.map(([metric, fit]) => readDemand(fit, metric, peakSessions / machines));
    const [ofCores, ofMemory] = reads.map((read): Use => scaleUse(read, machines));
    return {
      target_sessions: target,
      machines,
      sessions_per_machine: sessions,
      cores_per_machine: machine.cores,
      memory_bytes_per_machine: machine.memory_bytes,
      cores: ofCores,
      ...(ofMemory ? { memory_bytes: ofMemory } : {}),
      binds: most < reach ? lacking(most + 1)! : reach < whole ? "top_level" : "target",
      extrapolation: furthest(reads),
      notes: most === 0 ? ["A machine of this size is too small to drive one session within these assumptions."] : [],
    };
  });
}
