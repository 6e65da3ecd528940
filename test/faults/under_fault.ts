import assert from "node:assert/strict";
import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PlanInput } from "../../src/plan/mod.ts";
import type { ManifestLine } from "../../src/schema/run.ts";
import type { SweepEnd } from "../../src/run/sweep.ts";

const MARK = "PLIMSOLL_TEST_MARK";

/** As short as a sweep can be: two levels, once each. */
export const SHORT = {
  levels: [1, 2],
  replicates: 1,
  duration_ms: 1000,
  warmup_ms: 0,
  idle_ms: 1000,
  cooldown_ms: 0,
  pace_ms: 100,
  timeout_ms: 1000,
} satisfies Partial<PlanInput>;

/** A process of the command line's, or what it started. */
export interface Process {
  pid: number;
  command: string;
}

/** A command that runs as a process of its own, and everything that it starts. */
export interface Running {
  pid: number;
  /** What is alive of it now: itself, agents, sampler, browsers, the target that it started. */
  processes(): Process[];
  kill(signal?: Deno.Signal): void;
  /** Waits for its end, and asserts that it left no process over. */
  ended(): Promise<{ code: number; signal: Deno.Signal | null; end?: SweepEnd; stderr: string }>;
}

/**
 * Starts the command line.
 *
 * @param args of `plimsoll`; `--json` is added.
 * @param before a command that runs it, as `prlimit --nofile=64`.
 */
export function startPlimsoll(args: string[], before: string[] = []): Running {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const plimsoll = [
    ...[Deno.execPath(), "run", "-A", "--quiet", `--config=${path("../../deno.json")}`, path("../../src/cli/main.ts")],
    ...args,
    "--json",
  ];
  const { output, ...running } = startMarked([...before, ...plimsoll]);
  return {
    ...running,
    async ended() {
      const { code, signal, stdout, stderr } = await output();
      return { code, signal, end: stdout.trim() === "" ? undefined : JSON.parse(stdout) as SweepEnd, stderr };
    },
  };
}

/** Starts a command whose every process can be told from all others, and which leaves none when a test fails. */
export function startMarked([program, ...args]: string[], env: Record<string, string> = {}) {
  const mark = crypto.randomUUID();
  const child = new Deno.Command(program, {
    args,
    env: { NO_COLOR: "1", ...env, [MARK]: mark },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  const processes = () => allProcesses().filter(({ pid }) => environment(pid).includes(`${MARK}=${mark}`));
  // Where a test fails, nothing goes on for it.
  globalThis.addEventListener("unload", () => processes().forEach(({ pid }) => Deno.kill(pid, "SIGKILL")));
  return {
    pid: child.pid,
    processes,
    kill: (signal: Deno.Signal = "SIGKILL") => child.kill(signal),
    /** Waits for its end, and asserts that it left no process over. */
    async output() {
      const { code, signal, stdout, stderr } = await output;
      await until(() => processes().length === 0, () => `left over: ${JSON.stringify(processes())}`);
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, signal, stdout: text(stdout), stderr: text(stderr) };
    },
  };
}

/** Writes a plan into a folder. */
export async function writePlan(folder: string, plan: PlanInput): Promise<string> {
  const path = join(folder, "plan-input.json");
  await Deno.writeTextFile(path, JSON.stringify(plan));
  return path;
}

/** Waits for something that must come to pass within a minute; the machine may be busy. */
export async function until(condition: () => boolean, what: () => string = () => condition.toString()): Promise<void> {
  for (const end_ms = performance.now() + 60_000; performance.now() < end_ms;) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`it did not come to pass within a minute: ${what()}`);
}

/** The one process whose command line contains a text. */
export async function processWith(running: Pick<Running, "processes">, text: string): Promise<number> {
  const find = () => running.processes().filter(({ command }) => command.includes(text));
  await until(() => find().length > 0, () => text);
  return find()[0].pid;
}

/** Whole lines of a file; none while it is not there. */
export function lines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
}

/** The manifest as far as it is whole. */
export function manifestOf(run: string): ManifestLine[] {
  return lines(join(run, "manifest.jsonl")).flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

/** Asserts that no line before the last is torn, and that `seq` has no gap. */
export function assertWhole(path: string): number {
  const rows = lines(path);
  for (const [index, line] of rows.entries()) assert.equal(JSON.parse(line).seq, index, `${path}:${index + 1}`);
  return rows.length;
}

/** A target in this process that remembers when it answered. */
export function rememberingTarget() {
  const answered_ms: number[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    answered_ms.push(performance.now());
    return new Response("hello");
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    port: server.addr.port,
    answered_ms,
    /** How many answers were given at least a second ago: these must not be lost, whatever happens now. */
    accepted: () => answered_ms.filter((at_ms) => at_ms < performance.now() - 1000).length,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A port that nothing listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** The command of a target that says hello, for `target_command`. */
export function helloCommand(port: number): string[] {
  const code = `Deno.serve({ hostname: "127.0.0.1", port: ${port}, onListen() {} }, () => new Response("hello"));`;
  return [Deno.execPath(), "eval", code];
}

function allProcesses(): Process[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // One that has ended and that nobody has waited for has no executable any more.
      readlinkSync(`/proc/${name}/exe`);
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return [{ pid: Number(name), command }];
    } catch {
      return [];
    }
  });
}

function environment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}
