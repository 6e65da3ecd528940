import { join } from "node:path";

/** What a process and its children have used so far, and hold now. Linux only. */
export interface Usage {
  cpu_ms: number;
  pss_bytes: number;
}

/**
 * Adds up a process and its children.
 *
 * @param options.without those whose program this is are left out, and their children with them.
 */
export function usage(pid: number, options: { without?: string } = {}): Usage {
  const total = { cpu_ms: 0, pss_bytes: 0 };
  for (const each of tree(pid, options.without)) {
    try {
      const fields = Deno.readTextFileSync(`/proc/${each}/stat`).split(") ").at(-1)!.split(" ").map(Number);
      total.cpu_ms += 10 * (fields[11] + fields[12]);
      total.pss_bytes += 1024 * Number(/^Pss:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${each}/smaps_rollup`))![1]);
    } catch { /* it has ended */ }
  }
  return total;
}

function tree(root: number, without?: string): number[] {
  const children = new Map<number, number[]>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(Deno.readTextFileSync(`/proc/${name}/stat`).split(") ").at(-1)!.split(" ")[1]);
      children.set(parent, [...children.get(parent) ?? [], Number(name)]);
    } catch { /* it has ended */ }
  }
  const found: number[] = [];
  const visit = (pid: number) => {
    if (without !== undefined && program(pid) === without) return;
    found.push(pid);
    for (const child of children.get(pid) ?? []) visit(child);
  };
  visit(root);
  return found;
}

function program(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0")[0];
  } catch {
    return "";
  }
}

/** A program that runs until it is told to stop. */
export class Running implements AsyncDisposable {
  #process: Deno.ChildProcess;
  #stdout: Promise<string>;
  #stderr: Promise<string>;

  /** @param options.core the only core that it may use. */
  constructor(
    command: string[],
    options: { core?: number; cwd?: string; env?: Record<string, string> } = {},
  ) {
    const { core, ...rest } = options;
    const [program, ...args] = core === undefined ? command : ["taskset", "-c", `${core}`, ...command];
    this.#process = new Deno.Command(program, { args, ...rest, stdin: "null", stdout: "piped", stderr: "piped" })
      .spawn();
    this.#stdout = new Response(this.#process.stdout).text();
    this.#stderr = new Response(this.#process.stderr).text();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Settles with what it said last when it ends. */
  get ended(): Promise<string> {
    return this.#process.status.then(async () =>
      `${await this.#stdout}\n${await this.#stderr}`.trim().split("\n").slice(-3).join(" ")
    );
  }

  /** All that it prints, when it has ended. */
  get printed(): Promise<string> {
    return this.#stdout;
  }

  /** Asks it to stop as a user would, and returns what it printed. */
  async stop(): Promise<string> {
    this.#signal("SIGINT");
    return await this.printed;
  }

  /** Ends it with its children, if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    const pids = tree(this.pid);
    this.#signal("SIGKILL");
    for (const pid of pids) {
      try {
        if (pid !== this.pid) Deno.kill(pid, "SIGKILL");
      } catch { /* it has ended */ }
    }
    await this.#process.status;
    await Promise.allSettled([this.#stdout, this.#stderr]);
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch { /* it has ended */ }
  }
}

/** Resolves at a time of `performance.now()`. */
export function at(t_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, t_ms - performance.now()));
}

/** A file of a bench, for a peer that wants one. */
export async function writeFile(folder: string, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await Deno.writeTextFile(path, text);
  return path;
}
