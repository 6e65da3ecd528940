import { readProcessName, readProcessStat } from "./process_stat.ts";

/** What tells whether a process is meant by a name. */
export interface NamedProcess {
  parent: number;
  name: string;
}

/** The kernel keeps this much of a name. */
const COMM_BYTES = 15;

/**
 * The processes of a name, without those above and below the coordinator: `deno` names a server, not who measures it.
 *
 * @param processes all live processes.
 * @param name exactly.
 * @param coordinator process id.
 *
 * @example Two servers, one of them ours
 * ```ts
 * import { namedProcesses } from "./named_processes.ts";
 * import assert from "node:assert/strict";
 *
 * const processes = new Map([[7, { parent: 1, name: "deno" }], [8, { parent: 1, name: "deno" }], [9, { parent: 8, name: "deno" }]]);
 * assert.deepEqual(namedProcesses(processes, "deno", 9), [7]);
 * ```
 */
export function namedProcesses(
  processes: ReadonlyMap<number, NamedProcess>,
  name: string,
  coordinator: number,
): number[] {
  const chain = (pid: number) => {
    const pids = [];
    for (let at: number | undefined = pid; at && pids.length < 512; at = processes.get(at)?.parent) pids.push(at);
    return pids;
  };
  const above = new Set(chain(coordinator));
  return [...processes].filter(([pid, process]) => process.name === name && !above.has(pid))
    .map(([pid]) => pid).filter((pid) => !chain(pid).includes(coordinator));
}

/**
 * The name of a process as `ps` and `top` show it, whole where the kernel cut it.
 *
 * @param line of `/proc/<pid>/stat`.
 */
export function processName(pid: number, line: Uint8Array): string {
  const name = readProcessName(line);
  if (name.length < COMM_BYTES) return name;
  try {
    const [program] = Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
    const whole = program.slice(program.lastIndexOf("/") + 1);
    return whole.startsWith(name) ? whole : name;
  } catch {
    return name;
  }
}

/**
 * Finds the processes of a name on this machine.
 *
 * @param name exactly, as {@linkcode processName} gives it.
 * @param coordinator process id; it, its ancestors and its descendants are not meant.
 */
export async function findByName(name: string, coordinator: number): Promise<number[]> {
  if (Deno.build.os === "linux") return namedProcesses(listProcesses(), name, coordinator);
  const { default: si } = await import("systeminformation");
  const { list } = await si.processes();
  return namedProcesses(
    new Map(list.map((process) => [process.pid, { parent: process.parentPid, name: process.name }])),
    name,
    coordinator,
  );
}

function listProcesses(): Map<number, NamedProcess> {
  const processes = new Map<number, NamedProcess>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const line = Deno.readFileSync(`/proc/${name}/stat`);
      processes.set(Number(name), { parent: readProcessStat(line).parent, name: processName(Number(name), line) });
    } catch { /* ended meanwhile */ }
  }
  return processes;
}
