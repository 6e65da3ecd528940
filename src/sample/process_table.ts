import { KeptFile } from "./kept_file.ts";
import type { ProcessCpu } from "./group_cpu.ts";
import { openProcessClocks } from "./process_clock.ts";
import { type ProcessGroup, processGroups } from "./process_groups.ts";
import { namedProcesses, processName } from "./named_processes.ts";
import { type ProcessStat, readNumber, readProcessStat } from "./process_stat.ts";
import type { GroupRoots } from "./sampler.ts";
import { ThreadCpu } from "./thread_cpu.ts";

/** One in so many of the processes that belong to no group is looked at again at each sample. */
const OTHERS_EVERY = 16;
const ASCII_ZERO = 48;
const ASCII_NINE = 57;

/** A process of a group at one sample; overwritten by the next one. */
export interface ProcessReading {
  /** The same object as before, if nothing has changed. */
  cpu: ProcessCpu;
  /** CPU time of its busiest thread since the reading before [ms]. */
  hottest_ms: number;
  /** It has ended and waits to be reaped. */
  ended: boolean;
  /** Resident pages, shared ones included. */
  resident_pages: number;
}

interface Thread {
  file: KeptFile;
  ns: number;
}

interface Known {
  stat: ProcessStat;
  name: string;
  seen: number;
  group?: ProcessGroup;
  /** What only a process of a group needs. */
  file?: KeptFile;
  threads: Map<string, Thread>;
  threadCpu?: ThreadCpu;
  /** By the kernel's clock of the process, where it can be read [ms]. */
  clock_ms?: number;
  last?: ProcessReading;
}

/**
 * Follows all processes of the machine, and reads those that belong to a group.
 *
 * The others are read once, for their parent; a process that shows up under an id that was free or whose file says that its owner is
 * gone is new. Whoever once belonged to a group stays there, also when its parent has ended and it is init's child. A process whose
 * parent ended before both were ever seen belongs where the process does that leads its session or process group. What broke with
 * these too, as a daemon does that forks twice and starts a session within one interval, cannot be told from a stranger.
 *
 * @example How many processes there are
 * ```ts ignore
 * import { ProcessTable } from "./process_table.ts";
 * const table = new ProcessTable();
 * table.update({ target: [4711], generator: [], browser_agents: [] });
 * table.members("target"); // 4711 and its descendants
 * ```
 */
export class ProcessTable {
  #known = new Map<number, Known>();
  #leaders = new Map<number, ProcessGroup>();
  #members = new Map<ProcessGroup, number[]>();
  #asked = "";
  #round = 0;
  #generation?: string;
  #changed = false;
  #fine = readable("/proc/self/schedstat");
  #clock = openProcessClocks();

  /** Live processes of the machine. */
  get size(): number {
    return this.#known.size;
  }

  /** Ids of a group's processes. */
  members(group: ProcessGroup): readonly number[] {
    return this.#members.get(group) ?? [];
  }

  /**
   * Looks for processes that have come or gone.
   *
   * @param roots which processes belong to which group; others than before start all over.
   * @param also more processes of the target, as they come and go.
   * @param generation while this stays the same no process has come or gone on the whole machine.
   */
  update(roots: GroupRoots, also: readonly number[] = [], generation?: string): void {
    const asked = JSON.stringify(roots);
    if (asked !== this.#asked) {
      this.#asked = asked;
      this.#leaders.clear();
      for (const known of this.#known.values()) known.group = undefined;
      this.#changed = true;
    }
    // A program's name changes without that.
    const settled = roots.target_name === undefined && generation !== undefined && generation === this.#generation;
    this.#generation = generation;
    if (!settled) this.#list();
    if (also.some((pid) => this.#known.has(pid) && !this.#known.get(pid)!.group)) this.#changed = true;
    if (this.#changed) this.#regroup(roots, also);
    this.#changed = false;
  }

  #list(): void {
    const round = ++this.#round;
    for (const { name } of Deno.readDirSync("/proc")) {
      const first = name.charCodeAt(0);
      if (first < ASCII_ZERO || first > ASCII_NINE) continue;
      const pid = Number(name);
      const known = this.#known.get(pid);
      if (known && (known.group || (pid + round) % OTHERS_EVERY !== 0)) known.seen = round;
      else if (this.#look(pid, known)) this.#changed = true;
    }
    for (const [pid, { seen }] of this.#known) {
      if (seen === round) continue;
      this.#forget(pid);
    }
  }

  /**
   * Reads a process of a group.
   *
   * @param fine in nanoseconds, and thread by thread, instead of ticks.
   * @returns `undefined` if it has ended since {@linkcode ProcessTable.update}.
   */
  read(pid: number, fine: boolean): ProcessReading | undefined {
    const known = this.#known.get(pid);
    if (!known) return undefined;
    // Before all else: what it does meanwhile, the next reading sees.
    const clock_ms = fine ? this.#clock?.(pid) : undefined;
    if (fine && known.last && this.#idle(known, clock_ms)) {
      known.last.hottest_ms = 0;
      return known.last;
    }
    known.file ??= new KeptFile(`/proc/${pid}/stat`);
    const line = known.file.bytes();
    const stat = line && readProcessStat(line);
    if (!stat || stat.started !== known.stat.started) {
      this.#forget(pid);
      return undefined;
    }
    known.stat = stat;
    const { parent, started, ticks_ms, reaped_ms, resident_pages } = stat;
    const times = fine && this.#fine ? this.#threads(pid, known) : undefined;
    let own_ms = ticks_ms;
    let hottest_ms = 0;
    if (times && times.size > 0) {
      // What a process used before it was first seen says nothing of which of its threads is busy.
      const first = known.threadCpu === undefined;
      known.threadCpu ??= new ThreadCpu();
      const reading = known.threadCpu.update(times, ticks_ms);
      own_ms = reading.own_ms;
      if (!first) hottest_ms = reading.hottest_ms;
    }
    known.clock_ms = clock_ms;
    own_ms = clock_ms ?? own_ms;
    const ended = stat.state === "Z";
    known.last = { cpu: { pid, parent, started, own_ms, reaped_ms }, hottest_ms, ended, resident_pages };
    return known.last;
  }

  /** Who has not run has neither reaped a child, nor started a thread, nor ended; only its parent may have. */
  #idle({ stat, threads, clock_ms: before_ms }: Known, clock_ms?: number): boolean {
    if (stat.parent > 1 && !this.#known.has(stat.parent)) return false;
    if (clock_ms !== undefined) return clock_ms === before_ms;
    if (threads.size !== 1 || stat.threads !== 1) return false;
    const [thread] = threads.values();
    const bytes = thread.file.bytes();
    return bytes !== undefined && readNumber(bytes) === thread.ns;
  }

  #threads(pid: number, known: Known): Map<string, number> {
    const times = this.#readThreads(known.threads);
    // As many as before, and none of them gone: the same ones.
    if (times.size === known.stat.threads) return times;
    try {
      for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
        if (known.threads.has(name)) continue;
        known.threads.set(name, { file: new KeptFile(`/proc/${pid}/task/${name}/schedstat`), ns: 0 });
      }
    } catch { /* ended meanwhile */ }
    return this.#readThreads(known.threads);
  }

  #readThreads(threads: Map<string, Thread>): Map<string, number> {
    const times = new Map<string, number>();
    for (const [tid, thread] of threads) {
      const bytes = thread.file.bytes();
      if (bytes) {
        thread.ns = readNumber(bytes);
        times.set(tid, thread.ns / 1e6);
      } else {
        thread.file[Symbol.dispose]();
        threads.delete(tid);
      }
    }
    return times;
  }

  /** Reads a process that is new, or may be: whether it is, or is another than thought. */
  #look(pid: number, known?: Known): boolean {
    using file = new KeptFile(`/proc/${pid}/stat`);
    const line = file.bytes();
    if (!line) return false;
    const stat = readProcessStat(line);
    const name = processName(pid, line);
    if (known?.stat.started === stat.started) {
      const changed = known.name !== name || known.stat.parent !== stat.parent;
      Object.assign(known, { stat, name, seen: this.#round });
      return changed;
    }
    if (known) this.#forget(pid);
    this.#known.set(pid, { stat, name, seen: this.#round, threads: new Map() });
    return true;
  }

  #forget(pid: number): void {
    const known = this.#known.get(pid);
    known?.file?.[Symbol.dispose]();
    for (const { file } of known?.threads.values() ?? []) file[Symbol.dispose]();
    this.#changed = this.#known.delete(pid) || this.#changed;
  }

  #regroup(roots: GroupRoots, also: readonly number[]): void {
    const parents = new Map([...this.#known].map(([pid, { stat }]) => [pid, stat.parent]));
    const kept = new Map<number, ProcessGroup>();
    for (const [pid, { group, stat }] of this.#known) {
      const belongs = group ?? this.#leaderGroup(stat);
      if (belongs) kept.set(pid, belongs);
    }
    const target = [...this.#targets(roots), ...also];
    const groups = processGroups(parents, { ...roots, target }, kept);
    const leading = new Set([...this.#known.values()].flatMap(({ stat }) => [stat.group, stat.session]));
    for (const pid of this.#leaders.keys()) if (!leading.has(pid)) this.#leaders.delete(pid);
    this.#members = new Map();
    for (const [pid, group] of groups) {
      const known = this.#known.get(pid)!;
      known.group = group;
      if (leading.has(pid)) this.#leaders.set(pid, group);
      if (!this.#members.has(group)) this.#members.set(group, []);
      this.#members.get(group)!.push(pid);
    }
  }

  /** Where an orphan belongs, by the leader of its process group or session. */
  #leaderGroup({ parent, group, session }: ProcessStat): ProcessGroup | undefined {
    // Whoever adopts orphans is of another session; the shell that started a pipeline, of the same.
    if (parent !== 1 && this.#known.get(parent)?.stat.session === session) return undefined;
    for (const pid of [group, session]) {
      const leader = this.#known.get(pid);
      // The id of a leader is not given away while it has followers.
      if (this.#leaders.has(pid) && (!leader || leader.group)) return this.#leaders.get(pid);
    }
    return undefined;
  }

  #targets({ target, target_name, generator }: GroupRoots): number[] {
    if (target_name === undefined) return target;
    const processes = new Map([...this.#known].map(([pid, { name, stat }]) => [pid, { name, parent: stat.parent }]));
    return [...target, ...namedProcesses(processes, target_name, generator[0] ?? 0)];
  }
}

function readable(path: string): boolean {
  try {
    Deno.readTextFileSync(path);
    return true;
  } catch {
    return false;
  }
}
