/**
 * The process that listens on a TCP port of this machine.
 *
 * @returns its process id, or `undefined` if nobody listens there or it may not be asked.
 *
 * @example The server on port 8080
 * ```ts ignore
 * import { findListener } from "./find_listener.ts";
 * await findListener(8080);
 * ```
 */
export async function findListener(port: number): Promise<number | undefined> {
  if (Deno.build.os === "linux") return findOnLinux(port);
  const { default: si } = await import("systeminformation");
  const connections = await si.networkConnections();
  return connections.find(({ localPort, state }) => Number(localPort) === port && state === "LISTEN")?.pid ?? undefined;
}

function findOnLinux(port: number): number | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const path of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readLines(path).slice(1)) {
      const fields = line.trim().split(/\s+/);
      const listens = fields[3] === "0A";
      if (listens && fields[1]?.endsWith(`:${hex}`)) inodes.add(fields[9]);
    }
  }
  const links = new Set([...inodes].map((inode) => `socket:[${inode}]`));
  const holders = [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).map(({ name }) =>
    Number(name)
  )
    .filter((pid) => holdsOne(pid, links));
  // A server that forks leaves its socket with every child: the oldest holder is the one to follow.
  return holders.length > 0 ? Math.min(...holders) : undefined;
}

function holdsOne(pid: number, links: ReadonlySet<string>): boolean {
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      try {
        if (links.has(Deno.readLinkSync(`/proc/${pid}/fd/${name}`))) return true;
      } catch { /* closed meanwhile */ }
    }
  } catch { /* ended meanwhile, or not ours to see */ }
  return false;
}

function readLines(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).trim().split("\n");
  } catch {
    return [];
  }
}
