import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import process from "node:process";
import { checkAddresses } from "../plan/check_url.ts";
import { findListener } from "../sample/find_listener.ts";
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
    return { pids: [plan.target_pid], end: nothing };
  }
  const wanted = plan.target_port ?? port;
  const pid = await findListener(wanted);
  if (pid === undefined && plan.target_port !== undefined) {
    throw new InputError("--target-port", plan.target_port, "a TCP port that a process of this machine listens on");
  }
  return { pids: pid === undefined ? [] : [pid], end: nothing };
}

async function startCommand(command: string[], address: string, port: number): Promise<Target> {
  const [name, ...args] = command;
  // This Deno need not be on the PATH.
  const program = name === "deno" ? Deno.execPath() : name;
  if (await accepts(address, port, 500)) {
    throw new InputError("--target-command", command.join(" "), `a free port: something listens on ${port} already`);
  }
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  } catch {
    throw new InputError("--target-command", program, "a program that can be started");
  }
  let ended = false;
  const status = child.status.then((result) => {
    ended = true;
    return result;
  });
  const end = async () => {
    if (ended) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
    await status;
    clearTimeout(timer);
  };
  for (const start_ms = performance.now(); performance.now() - start_ms < READY_MS;) {
    if (ended) {
      const { code } = await status;
      throw new InputError(
        "--target-command",
        command.join(" "),
        `a server that keeps running: it ended with code ${code}`,
      );
    }
    if (await accepts(address, port, 500)) return { pids: [child.pid], end };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await end();
  throw new InputError("--target-command", command.join(" "), `a server that listens on port ${port} within 30 s`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive all the same.
    return (error as { code?: string }).code === "EPERM";
  }
}
