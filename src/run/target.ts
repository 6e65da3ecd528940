import { spawn } from "node:child_process";
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import process from "node:process";
import { checkAddresses } from "../plan/check_url.ts";
import { findListeners } from "../sample/find_listener.ts";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";

const READY_MS = 30_000;

/** The system under test while a part of the sweep runs. */
export interface Target {
  /** Its processes; empty where nobody named them. */
  pids: number[];
  /** Ends it, if it was started here. */
  end(): Promise<void>;
}

/**
 * Resolves the host of a target once, and picks the address that all sessions connect to.
 *
 * @returns every address, the one to use first.
 * @throws {InputError} If the name does not resolve, or to an address that may not be loaded.
 */
export async function resolveTarget(url: URL, consented: boolean): Promise<string[]> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  let found;
  try {
    found = await lookup(host, { all: true });
  } catch {
    throw new InputError("--url", url.href, `a host that resolves: ${host} does not`);
  }
  // Version 4 first: servers that listen on localhost mostly mean that one.
  const addresses = found.sort((a, b) => a.family - b.family).map(({ address }) => address);
  checkAddresses(host, addresses, consented);
  return addresses;
}

/**
 * Whether something accepts connections there.
 *
 * @param timeout_ms how long to wait for an answer.
 */
export function accepts(address: string, port: number, timeout_ms = 2000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const finish = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(false), timeout_ms);
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
  });
}

/**
 * Makes the target ready for one part of the sweep: starts the plan's command and waits until it accepts connections, or
 * finds the processes that the plan names.
 *
 * @throws {InputError} If the command cannot be started or does not come up, or no such process is there.
 */
export async function openTarget(plan: Plan, address: string, port: number): Promise<Target> {
  const nothing = () => Promise.resolve();
  if (plan.target_command) return await startCommand(plan.target_command, address, port);
  if (plan.target_pid !== undefined) {
    if (!isAlive(plan.target_pid)) {
      throw new InputError("--target-pid", plan.target_pid, "the id of a running process");
    }
    return { pids: refuseOwn([plan.target_pid]), end: nothing };
  }
  const pids = refuseOwn(await findListeners(plan.target_port ?? port, address));
  if (pids.length === 0 && plan.target_port !== undefined) {
    throw new InputError(
      "--target-port",
      plan.target_port,
      "a TCP port that a process of this machine and this user listens on, or --target-pid, or run as root",
    );
  }
  return { pids, end: nothing };
}

/** A server in the coordinator's own process would be charged with the coordinator, and the other way round. */
function refuseOwn(pids: number[]): number[] {
  if (!pids.includes(Deno.pid)) return pids;
  throw new InputError("target", Deno.pid, "a server in a process of its own: this one runs the sweep");
}

async function startCommand(command: string[], address: string, port: number): Promise<Target> {
  const [name, ...args] = command;
  // This Deno need not be on the PATH.
  const program = name === "deno" ? Deno.execPath() : name;
  if (await accepts(address, port, 500)) {
    throw new InputError("--target-command", command.join(" "), `a free port: something listens on ${port} already`);
  }
  // In a process group of its own: a wrapper (`npm start`, `sh -c`) is ended with what it started, and Ctrl-C is not for it.
  const child = spawn(program, args, { detached: true, stdio: "ignore" });
  let ended: { code: number | null } | undefined;
  const end = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", (code) => {
      ended = { code };
      resolve();
    });
  });
  const { pid } = child;
  if (pid === undefined) throw new InputError("--target-command", program, "a program that can be started");
  const kill = (signal: Deno.Signal) => {
    try {
      Deno.kill(Deno.build.os === "windows" ? pid : -pid, signal);
    } catch { /* all of it has ended */ }
  };
  const killAtExit = () => kill("SIGKILL");
  globalThis.addEventListener("unload", killAtExit);
  const close = async () => {
    kill("SIGTERM");
    await Promise.race([end, pause(5000)]);
    // What the first process started may outlive it; the next start needs the port.
    for (
      const start_ms = performance.now();
      performance.now() - start_ms < 3000 && await accepts(address, port, 200);
    ) {
      await pause(50);
    }
    kill("SIGKILL");
    await end;
    globalThis.removeEventListener("unload", killAtExit);
  };
  for (const start_ms = performance.now(); performance.now() - start_ms < READY_MS;) {
    if (await accepts(address, port, 500)) return { pids: [pid], end: close };
    if (ended) {
      await close();
      const remedy = `a server that keeps running: it ended with code ${ended.code}`;
      throw new InputError("--target-command", command.join(" "), remedy);
    }
    await pause(50);
  }
  await close();
  throw new InputError("--target-command", command.join(" "), `a server that listens on port ${port} within 30 s`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whether a process runs, as far as its id says. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive all the same.
    return (error as { code?: string }).code === "EPERM";
  }
}
