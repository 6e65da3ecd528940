/** The CPU time of one live process, as read at one moment. */
export interface ProcessCpu {
  pid: number;
  /** Start time in the kernel's ticks: tells a reused pid from the process that had it before. */
  started: number;
  parent: number;
  /** Of its threads, dead ones included [ms]. */
  own_ms: number;
  /** Of its children that have ended and been waited for [ms]. */
  reaped_ms: number;
}

/**
 * The CPU time that a group of processes has used since this object was made: never falls, and keeps what ended processes used.
 *
 * A process that ends is charged by its parent's counter of reaped children where the kernel credits it there,
 * else by its own last reading. What a process used before it was first seen does not count, unless it was born
 * into the group after the first update.
 *
 * @example What a process used before it was first seen does not count
 * ```ts
 * import { GroupCpu } from "./group_cpu.ts";
 * import assert from "node:assert/strict";
 *
 * const group = new GroupCpu();
 * assert.equal(group.update([{ pid: 7, started: 1, parent: 1, own_ms: 100, reaped_ms: 0 }]), 0);
 * assert.equal(group.update([{ pid: 7, started: 1, parent: 1, own_ms: 130, reaped_ms: 0 }]), 30);
 * ```
 */
export class GroupCpu {
  /** Processes outside the group whose children of this group ended before the last update: they may be credited with them. */
  readonly creditedOutside = new Set<number>();
  #total_ms = 0;
  #last = new Map<number, ProcessCpu>();
  #first = true;

  /**
   * Takes a reading of all live processes of the group.
   *
   * @param processes The same object as before says that nothing has changed.
   * @param notOurs Processes that were credited with ended ones of another group, whose CPU time is counted there.
   * @returns the cumulative CPU time [ms].
   */
  update(processes: readonly ProcessCpu[], notOurs: ReadonlySet<number> = new Set()): number {
    const now = new Map<number, ProcessCpu>();
    const credited = new Map<number, number>();
    for (const process of processes) {
      now.set(process.pid, process);
      const before = this.#last.get(process.pid);
      if (before === process) continue;
      if (before?.started === process.started) {
        this.#total_ms += Math.max(0, process.own_ms - before.own_ms);
        credited.set(process.pid, Math.max(0, process.reaped_ms - before.reaped_ms));
      } else if (!this.#first) {
        this.#total_ms += process.own_ms + process.reaped_ms;
      }
    }
    const seenBefore = new Map<number, number>();
    this.creditedOutside.clear();
    for (const [pid, process] of this.#last) {
      if (now.get(pid)?.started === process.started) continue;
      const heir = this.#liveAncestor(process, now);
      if (heir !== undefined) seenBefore.set(heir, (seenBefore.get(heir) ?? 0) + process.own_ms + process.reaped_ms);
      else this.creditedOutside.add(this.#parentOutside(process));
    }
    // An ancestor was credited with whole lives; what of them was counted already is taken off again.
    for (const [pid, reaped_ms] of credited) {
      if (!notOurs.has(pid)) this.#total_ms += Math.max(0, reaped_ms - (seenBefore.get(pid) ?? 0));
    }
    this.#last = now;
    this.#first = false;
    return this.#total_ms;
  }

  #parentOutside(process: ProcessCpu): number {
    let pid = process.parent;
    for (let depth = 0; depth < 512 && this.#last.has(pid); depth++) pid = this.#last.get(pid)!.parent;
    return pid;
  }

  #liveAncestor(process: ProcessCpu, live: ReadonlyMap<number, ProcessCpu>): number | undefined {
    let pid: number | undefined = process.parent;
    for (let depth = 0; pid !== undefined && depth < 512; depth++) {
      if (live.has(pid)) return pid;
      pid = this.#last.get(pid)?.parent;
    }
    return undefined;
  }
}
