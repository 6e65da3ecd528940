import { cpus, freemem, totalmem } from "node:os";
import { namedProcesses } from "./named_processes.ts";
import { type ProcessGroup, processGroups } from "./process_groups.ts";
import type { GroupRoots, Sample, Sampler } from "./sampler.ts";

const GROUPS: ProcessGroup[] = ["target", "browser", "generator"];

/**
 * Samples through systeminformation, for systems without /proc. Same rows, coarser: CPU of a group is integrated from
 * percentages, memory is RSS, and a process that lives between two samples is not seen.
 */
export class PortableSampler implements Sampler {
  readonly kind = "portable";
  #cpu_ms = new Map<ProcessGroup, number>();
  #last_ms?: number;

  async sample(roots: GroupRoots, t_ms: number): Promise<Sample[]> {
    const { default: si } = await import("systeminformation");
    const [{ list }, memory, network, disk] = await Promise.all([
      si.processes(),
      si.mem().catch(() => ({ available: freemem(), total: totalmem() })),
      si.networkStats("*").catch(() => []),
      si.fsStats().catch(() => null),
    ]);
    const now_ms = performance.now();
    const elapsed_ms = this.#last_ms === undefined ? 0 : now_ms - this.#last_ms;
    this.#last_ms = now_ms;
    const { target_name, generator } = roots;
    const processes = new Map(list.map(({ pid, parentPid, name }) => [pid, { parent: parentPid, name }]));
    const named = target_name === undefined ? [] : namedProcesses(processes, target_name, generator[0] ?? 0);
    const target = [...roots.target, ...named];
    const groups = processGroups(new Map(list.map(({ pid, parentPid }) => [pid, parentPid])), { ...roots, target });
    const cores = cpus();
    const rows: Sample[] = [];
    for (const group of GROUPS) {
      if (
        (group === "browser" ? roots.browser_agents : roots[group]).length === 0 && !(group === "target" && target_name)
      ) {
        continue;
      }
      const members = list.filter(({ pid }) => groups.get(pid) === group);
      const percent = members.reduce((sum, { cpu }) => sum + cpu, 0);
      const cpu_ms = (this.#cpu_ms.get(group) ?? 0) + percent / 100 * cores.length * elapsed_ms;
      this.#cpu_ms.set(group, cpu_ms);
      rows.push({
        t_ms,
        group,
        cpu_ms,
        memory_bytes: members.reduce((sum, { memRss }) => sum + memRss * 1024, 0),
        memory_kind: "rss",
        processes: members.length,
      });
    }
    const core_busy_ms = cores.map(({ times }) => times.user + times.nice + times.sys + times.irq);
    const used = memory.total - memory.available;
    const outside = network.filter(({ iface }) => !/^lo/.test(iface));
    rows.push({
      t_ms,
      group: "system",
      cpu_ms: core_busy_ms.reduce((sum, ms) => sum + ms, 0),
      core_busy_ms,
      memory_bytes: used,
      memory_kind: "system",
      memory_used_bytes: used,
      memory_available_bytes: memory.available,
      processes: list.length,
      network_received_bytes: sumOf(outside.map(({ rx_bytes }) => rx_bytes)),
      network_sent_bytes: sumOf(outside.map(({ tx_bytes }) => tx_bytes)),
      ...(disk ? { disk_read_bytes: disk.rx ?? 0, disk_written_bytes: disk.wx ?? 0 } : {}),
    });
    return rows;
  }
}

function sumOf(values: number[]): number {
  return values.reduce((sum, value) => sum + (value ?? 0), 0);
}
