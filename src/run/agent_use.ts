import { join } from "node:path";
import type { AgentUse } from "../plan/mod.ts";
import { counterRate } from "../quality/mod.ts";
import { attemptFiles } from "../schema/attempt_files.ts";
import type { ResourceRow } from "../schema/rows.ts";
import type { AttemptSeal } from "../schema/run.ts";

/**
 * What the agents of a sealed attempt used, from its rows.
 *
 * @param folder the attempt's folder.
 * @param seal its seal.
 * @returns nothing where no thread was sampled: in an idle window, or by a sampler that sees none.
 */
export function agentUse(folder: string, seal: AttemptSeal): AgentUse[] {
  const agents = attemptFiles(seal.files, "events").length;
  if (agents === 0) return [];
  const { from_ms, to_ms } = seal.window;
  const rows: ResourceRow[] = Deno.readTextFileSync(join(folder, "resources.jsonl")).split("\n")
    .filter((line) => line !== "").map((line) => JSON.parse(line));
  const generator = rows.filter(({ group, t_ms }) => group === "generator" && t_ms >= from_ms && t_ms <= to_ms);
  const hottest_thread = counterRate(generator, (row) => row.hottest_thread_cpu_ms);
  return hottest_thread === undefined ? [] : [{ level: seal.level, agents, hottest_thread }];
}
