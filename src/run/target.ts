import { spawn } from "node:child_process";
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import process from "node:process";
import { checkAddresses, checkUrl } from "../plan/check_url.ts";
import { Cgroup } from "../sample/cgroup.ts";
import { type CgroupLimits, cgroupLimits } from "../sample/cgroup_limits.ts";
import { CGROUP_ROOT, cgroupPaths } from "../sample/cgroup_paths.ts";
import { findListeners } from "../sample/find_listener.ts";
import { findByName } from "../sample/named_processes.ts";
import { type ScrapeOptions, scrapeTarget } from "../sample/scrape_target.ts";
import { InputError } from "../schema/input_error.ts";
import type { Plan } from "../schema/plan.ts";

const READY_MS = 30_000;

/** The system under test, as a sampler finds it. */
export interface TargetSource {
  /** Its processes; empty where nobody named them, or they are found otherwise. */
  pids: number[];
  /** It is every process of this name. */
  name?: string;
  /** It is this cgroup. */
  cgroup?: string;
  /** It is what this page of metrics counts. */
  page?: ScrapeOptions;
}

/** What a target may use; absent where nothing but the machine limits it. */
export interface TargetLimits extends CgroupLimits {
  /** These are the limits of the run's own cgroup, which it is in as well. */
  shared?: boolean;
}

/** The system under test while a part of the sweep runs. */
export interface Target extends TargetSource {
  /** Absent where nobody knows. */
  limits?: TargetLimits;
  /** Whether it is still there, as far as can be told. */
  runs(): boolean;
  /** Ends it, if it was started here. */
  end(): Promise<void>;
}

/**
 * Resolves the host of a target once, and picks the address that all sessions connect to.
 *
 * @returns every address, the one to use first.
 * @param field the flag that gave the URL.
 * @throws {InputError} If the name does not resolve, or to an address that may not be loaded.
 */
export async function resolveTarget(url: URL, consented: boolean, field = "--url"): Promise<string[]> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  let found;
  try {
    found = await lookup(host, { all: true });
  } catch {
    throw new InputError(field, url.href, `a host that resolves: ${host} does not`);
  }
  // Version 4 first: servers that listen on localhost mostly mean that one.
  const addresses = found.sort((a, b) => a.family - b.family).map(({ address }) => address);
  checkAddresses(host, addresses, consented, field);
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
 * Where the plan's page of metrics is, resolved once for the whole sweep; nothing if it has none.
 *
 * @param consent what the user may load and ask, if it is not loopback.
 * @throws {InputError} If the URL may not be asked, or its host does not resolve.
 */
export async function resolvePage(plan: Plan, consent?: string): Promise<ScrapeOptions | undefined> {
  const { target_prometheus: text, target_labels: labels } = plan;
  if (text === undefined) return undefined;
  const field = "--target-prometheus";
  const url = checkUrl(text, consent, field);
  const named = consent?.split(",").some((host) => host.startsWith(`${url.hostname}:`)) ?? false;
  const [address] = await resolveTarget(url, named, field);
  return { url: url.href, address, ...(labels ? { labels } : {}) };
}

/**
 * Makes the target ready for one part of the sweep: starts the plan's command and waits until it accepts connections, or
 * finds what the plan names.
 *
 * @param at where it accepts connections, and its page of metrics if it has one; whether it is on another machine, where
 *   another share samples it.
 * @throws {InputError} If the command cannot be started or does not come up, or what the plan names is not there.
 */
export async function openTarget(
  plan: Plan,
  at: { address: string; port: number; page?: ScrapeOptions; elsewhere?: boolean },
): Promise<Target> {
  const { address, port, page, elsewhere } = at;
  if (page) return await openPage(page);
  if (elsewhere) return processes([]);
  if (plan.target_command) return await startCommand(plan.target_command, address, port);
  if (plan.target_cgroup !== undefined) return openCgroup(plan.target_cgroup);
  if (plan.target_name !== undefined) return await openNamed(plan.target_name);
  if (plan.target_pid !== undefined) {
    if (!isAlive(plan.target_pid)) {
      throw new InputError("--target-pid", plan.target_pid, "the id of a running process");
    }
    return processes(refuseOwn([plan.target_pid]));
  }
  const pids = refuseOwn(await findListeners(plan.target_port ?? port, address));
  if (pids.length === 0 && plan.target_port !== undefined) {
    throw new InputError(
      "--target-port",
      plan.target_port,
      "a TCP port that a process of this machine and this user listens on, or --target-pid, or run as root",
    );
  }
  return processes(pids);
}

function processes(pids: number[]): Target {
  return { pids, ...limitsOf(pids), runs: () => pids.length === 0 || pids.some(isAlive), end: nothing };
}

async function openNamed(name: string): Promise<Target> {
  const pids = await findByName(name, Deno.pid);
  if (pids.length > 0) return { ...processes(pids), name };
  throw new InputError(
    "--target-name",
    name,
    "the exact name of a running program, as `ps -eo comm` shows it; Plimsoll's own processes do not count",
  );
}

function openCgroup(path: string): Target {
  const field = "--target-cgroup";
  if (Deno.build.os !== "linux") {
    throw new InputError(field, path, "--target-pid or --target-name: only Linux has cgroups");
  }
  const cgroup = new Cgroup(path);
  const pids = cgroup.pids();
  if (cgroup.cpu_ms() === undefined || pids.length === 0) {
    throw new InputError(field, path, "a cgroup with processes, as /proc/PID/cgroup names it after its last colon");
  }
  if (pids.includes(Deno.pid)) {
    throw new InputError(field, path, "a cgroup without Plimsoll in it: what it uses would be charged to the target");
  }
  const { shared: _, ...limits } = limitsOf(pids).limits ?? {};
  return { pids: [], cgroup: cgroup.path, limits, runs: () => cgroup.pids().length > 0, end: nothing };
}

async function openPage(page: ScrapeOptions): Promise<Target> {
  try {
    const { limits } = await scrapeTarget(page);
    const known = Object.keys(limits).length > 0;
    return { pids: [], page, ...(known ? { limits } : {}), runs: () => true, end: nothing };
  } catch (error) {
    const remedy = `a page of metrics of node_exporter, cAdvisor or a program (${(error as Error).message})`;
    throw new InputError("--target-prometheus", page.url, remedy);
  }
}

/** Limits of the cgroups that processes are in; nothing if they are in several. */
function limitsOf(pids: number[]): { limits?: TargetLimits } {
  if (Deno.build.os !== "linux" || pids.length === 0) return {};
  const [first, ...others] = pids.map((pid) => cgroupPaths(pid));
  const same = (a: Map<string, string>, b: Map<string, string>) => JSON.stringify([...a]) === JSON.stringify([...b]);
  if (first.size === 0 || others.some((paths) => !same(paths, first))) return {};
  return { limits: { ...cgroupLimits(CGROUP_ROOT, first), ...(same(first, cgroupPaths()) ? { shared: true } : {}) } };
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

/** A server in the coordinator's own process would be charged with the coordinator, and the other way round. */
function refuseOwn(pids: number[]): number[] {
  if (!pids.includes(Deno.pid)) return pids;
  throw new InputError("target", Deno.pid, "a server in a process of its own: this one runs the sweep");
}

/**
 * Becomes the program, and leaves somebody in its process group who ends the whole group when standard input closes: so does
 * a coordinator that is killed, who can end nothing any more.
 */
const WARDED = 'exec 3<&0 </dev/null; ( (read -r _ <&3; kill -s KILL 0) & ); exec "$@" 3<&-';

async function startCommand(command: string[], address: string, port: number): Promise<Target> {
  const [name, ...args] = command;
  // This Deno need not be on the PATH.
  const program = name === "deno" ? Deno.execPath() : name;
  if (await accepts(address, port, 500)) {
    throw new InputError("--target-command", command.join(" "), `a free port: something listens on ${port} already`);
  }
  // In a process group of its own: a wrapper (`npm start`, `sh -c`) is ended with what it started, and Ctrl-C is not for it.
  const child = Deno.build.os === "windows"
    ? spawn(program, args, { stdio: "ignore" })
    : spawn("sh", ["-c", WARDED, "sh", program, ...args], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
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
    if (await accepts(address, port, 500)) return { ...processes([pid]), end: close };
    if (ended) {
      await close();
      // How a shell says that there is no such program, or that it is none.
      if (ended.code === 126 || ended.code === 127) {
        throw new InputError("--target-command", program, "a program that can be started");
      }
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
