import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { cpus, freemem, tmpdir, totalmem } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { findBrowser, launchBrowser } from "../browser/mod.ts";
import { findPython, PROJECT } from "../notebook/set_up_python.ts";
import { cgroupLimits } from "../sample/mod.ts";
import { InputError } from "../schema/mod.ts";
import { readFlags } from "./flags.ts";
import { textTable } from "./text_table.ts";

const HELP = `Says what this machine has, what is missing, and the line that mends it.

  plimsoll doctor [--browser PATH] [--json]

  --browser PATH  the Chromium to try   (looked for)
  --json          print one JSON document and nothing else

  plimsoll doctor
`;

/** One thing that was looked at. */
export interface Check {
  name: string;
  state: "ok" | "limited" | "missing";
  /** Without it the demo does not run. */
  required: boolean;
  /** What is there. */
  found: string;
  /** What to type, or to do, about what is not `ok`. */
  remedy?: string;
}

const GIB = 1024 ** 3;
const run = promisify(execFile);

/**
 * The command `plimsoll doctor`.
 *
 * @param args What follows `doctor` on the command line.
 * @returns Exit code: 0 where everything that the demo needs is there, else 1.
 * @throws {InputError} If a flag is unknown, or the browser asked for is not there.
 */
export async function doctor(args: string[]): Promise<number> {
  const { values } = readFlags(args, {
    browser: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const checks = [
    denoCheck(),
    await browserCheck(values.browser as string | undefined),
    procCheck(),
    pssCheck(),
    schedstatCheck(),
    cgroupCheck(),
    coresCheck(),
    memoryCheck(),
    await diskCheck(),
    ...await pythonChecks(),
    ...await redisChecks(),
  ];
  const ready = checks.every(({ state, required }) => !required || state !== "missing");
  if (values.json) console.log(JSON.stringify({ schema: "plimsoll.doctor/1", ready, checks }, null, 2));
  else console.log(doctorText(checks, ready));
  return ready ? 0 : 1;
}

function doctorText(checks: Check[], ready: boolean): string {
  const mark = { ok: "✓", limited: "!", missing: "✗" };
  const rows = checks.map((
    { name, state, required, found },
  ) => [mark[state], name, found + (required || state !== "missing" ? "" : " (optional)")]);
  const remedies = checks.filter(({ remedy }) => remedy !== undefined).map(({ name, remedy }) =>
    `  ${name}: ${remedy}`
  );
  return [
    ready ? "Ready: everything that the demo needs is there." : "Not ready: something that the demo needs is missing.",
    "",
    textTable([" ", "what", "found"], rows),
    ...remedies.length > 0 ? ["", "To mend:", ...remedies] : [],
  ].join("\n");
}

function denoCheck(): Check {
  const [major, minor] = Deno.version.deno.split(".").map(Number);
  const found = `${Deno.version.deno} at ${Deno.execPath()}`;
  const known = major > 2 || (major === 2 && minor >= 9);
  if (known) return { name: "Deno", state: "ok", required: true, found };
  return { name: "Deno", state: "limited", required: true, found: `${found}, older than 2.9`, remedy: "deno upgrade" };
}

async function browserCheck(path?: string): Promise<Check> {
  const name = "browser";
  try {
    const found = await findBrowser({ path });
    const { browser, sandboxed, version } = await launchBrowser(found);
    await browser.close();
    const lacks = [found.libraryPath && "libraries", found.fontsPath && "fonts"].filter(Boolean).join(" and ");
    const parts = [
      `Chromium ${version} (${found.source}), launches`,
      sandboxed ? "sandboxed" : "not sandboxed",
      ...lacks === "" ? [] : [`with ${lacks} of its own`],
      found.path,
    ];
    if (sandboxed) return { name, state: "ok", required: true, found: parts.join(", ") };
    const remedy = process.getuid?.() === 0
      ? "run as an ordinary user: Chromium has no sandbox for root"
      : "allow unprivileged user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 (Ubuntu: kernel.apparmor_restrict_unprivileged_userns=0)";
    return { name, state: "limited", required: true, found: parts.join(", "), remedy };
  } catch (error) {
    if (error instanceof InputError) throw error;
    const [first, ...rest] = (error as Error).message.trim().split("\n");
    const libraries = "npx playwright install-deps chromium, or give another one with --browser";
    const remedy = rest.length === 0 ? first : libraries;
    return { name, state: "missing", required: true, found: first.slice(0, 200), remedy };
  }
}

function procCheck(): Check {
  const name = "processes";
  if (process.platform === "linux" && readable("/proc/self/stat") && readable("/proc/stat")) {
    return { name, state: "ok", required: true, found: "/proc" };
  }
  const found = "no /proc: processes are listed with the system's own tools, which costs more and sees less";
  return { name, state: "limited", required: true, found, remedy: "measure on Linux" };
}

function pssCheck(): Check {
  const name = "shared memory (PSS)";
  if (readable("/proc/self/smaps_rollup")) {
    const all = process.getuid?.() === 0 ? "of all processes" : "of this user's processes";
    return { name, state: "ok", required: false, found: `readable, ${all}` };
  }
  const found = "not readable: memory is RSS, which counts shared pages once a process";
  return {
    name,
    state: "limited",
    required: false,
    found,
    remedy: "a Linux kernel from 4.14 with CONFIG_PROC_PAGE_MONITOR",
  };
}

function schedstatCheck(): Check {
  const name = "CPU clock";
  if (readable("/proc/self/schedstat")) {
    return { name, state: "ok", required: false, found: "schedstat, in nanoseconds" };
  }
  const found = "ticks of 10 ms";
  return { name, state: "limited", required: false, found, remedy: "a Linux kernel with CONFIG_SCHED_INFO" };
}

function cgroupCheck(): Check {
  const version = existsSync("/sys/fs/cgroup/cgroup.controllers")
    ? "version 2"
    : existsSync("/sys/fs/cgroup/memory")
    ? "version 1"
    : "none";
  const { cores, memory_bytes } = cgroupLimits();
  const limits = [cores && `${cores} cores`, memory_bytes && gib(memory_bytes)].filter(Boolean);
  return {
    name: "cgroup",
    state: "ok",
    required: false,
    found: `${version}, ${limits.length > 0 ? `limit ${limits.join(", ")}` : "no limit"}`,
  };
}

function coresCheck(): Check {
  const found = `${navigator.hardwareConcurrency} (${cpus()[0]?.model.trim() ?? "unknown"})`;
  if (navigator.hardwareConcurrency > 1) return { name: "cores", state: "ok", required: true, found };
  const remedy = "use a machine with 2 cores or more: load and target share this one";
  return { name: "cores", state: "limited", required: true, found, remedy };
}

function memoryCheck(): Check {
  const free = availableMemory();
  const found = `${gib(free)} available of ${gib(totalmem())}`;
  if (free >= GIB) return { name: "memory", state: "ok", required: true, found };
  return {
    name: "memory",
    state: "missing",
    required: true,
    found,
    remedy: "end other programs: 1 GiB must be available",
  };
}

function availableMemory(): number {
  if (process.platform !== "linux") return freemem();
  const [, kilobytes] = /MemAvailable:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8")) ?? [];
  return Math.min(Number(kilobytes) * 1024, cgroupLimits().memory_bytes ?? Infinity);
}

async function diskCheck(): Promise<Check> {
  const { bavail, bsize } = await statfs(PROJECT);
  const free = bavail * bsize;
  const found = `${gib(free)} free at ${PROJECT}`;
  if (free >= GIB) return { name: "disk", state: "ok", required: true, found };
  return {
    name: "disk",
    state: "missing",
    required: true,
    found,
    remedy: "free 1 GiB: runs are written below data/runs",
  };
}

async function pythonChecks(): Promise<Check[]> {
  const python = await pythonCheck();
  const own = join(PROJECT, ".venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  try {
    const { stdout } = await run(own, ["-m", "jupyterlab", "--version"]);
    return [python, { name: "JupyterLab", state: "ok", required: false, found: `${stdout.trim()} in .venv` }];
  } catch {
    const remedy = "deno task plimsoll lab sets it up";
    return [python, { name: "JupyterLab", state: "missing", required: false, found: "not set up yet", remedy }];
  }
}

async function pythonCheck(): Promise<Check> {
  const name = "Python";
  try {
    const python = await findPython();
    const { stdout } = await run(python, ["--version"]);
    const [ensurepip, pip] = [await imports(python, "ensurepip"), await imports(python, "pip")];
    const found = `${stdout.trim()} (${python}), ${
      ensurepip ? "venv" : pip ? "no ensurepip, but pip" : "neither ensurepip nor pip"
    }`;
    if (ensurepip || pip) return { name, state: "ok", required: false, found };
    return { name, state: "missing", required: false, found, remedy: installLine("python3-venv") };
  } catch (error) {
    return { name, state: "missing", required: false, found: "none from 3.10", remedy: (error as Error).message };
  }
}

/** In an empty folder, so that no file there is taken for the module. */
async function imports(python: string, module: string): Promise<boolean> {
  const cwd = await mkdtemp(join(tmpdir(), "plimsoll-"));
  try {
    await run(python, ["-c", `import ${module}`], { cwd });
    return true;
  } catch {
    return false;
  } finally {
    await rm(cwd, { recursive: true });
  }
}

/** For sweeps over many machines. */
async function redisChecks(): Promise<Check[]> {
  return await Promise.all(
    [["Redis server", "redis-server", "redis-server"], ["Redis client", "redis-cli", "redis-tools"]].map(
      async ([name, program, pack]): Promise<Check> => {
        const path = onPath(program);
        if (path === undefined) {
          return { name, state: "missing", required: false, found: `no ${program} on PATH`, remedy: installLine(pack) };
        }
        const { stdout } = await run(path, ["--version"]);
        return { name, state: "ok", required: false, found: `${stdout.trim().slice(0, 60)} at ${path}` };
      },
    ),
  );
}

function installLine(debianPackage: string): string {
  const name = debianPackage.startsWith("redis") ? "redis" : "python3";
  if (process.platform === "darwin") return `brew install ${name}`;
  if (process.platform === "win32") return `winget install ${name === "redis" ? "Redis.Redis" : "Python.Python.3.13"}`;
  return onPath("apt-get") === undefined
    ? `install ${name} with the system's package manager`
    : `apt-get install ${debianPackage}`;
}

function onPath(program: string): string | undefined {
  return (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, program)).find((path) =>
    existsSync(path)
  );
}

function readable(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
