/**
 * The processes that listen on a TCP port of this machine.
 *
 * @param port The port.
 * @param address Where connections go: a listener on this very address comes before one on all addresses.
 * @returns Process ids, several where a socket is shared or the port reused; empty if nobody listens there, or may not be asked.
 *
 * @example Who serves port 8080
 * ```ts ignore
 * import { findListeners } from "./find_listener.ts";
 * await findListeners(8080, "127.0.0.1"); // [4711]
 * ```
 */
export async function findListeners(port: number, address = "127.0.0.1"): Promise<number[]> {
  if (Deno.build.os === "linux") return findOnLinux(port, address);
  const { default: si } = await import("systeminformation");
  const listening = (await si.networkConnections())
    .filter(({ localPort, state }) => Number(localPort) === port && state === "LISTEN");
  const exact = listening.filter(({ localAddress }) => localAddress === address);
  return [...new Set((exact.length > 0 ? exact : listening).flatMap(({ pid }) => pid ?? []))];
}

function findOnLinux(port: number, address: string): number[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const exact = new Set<string>();
  const any = new Set<string>();
  for (const path of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readLines(path).slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      const [host, localPort] = local.split(":");
      if (state !== "0A" || localPort !== hex) continue;
      if (host === kernelHex(address)) exact.add(inode);
      else if (/^0+$/.test(host)) any.add(inode);
    }
  }
  const links = new Set([...(exact.size > 0 ? exact : any)].map((inode) => `socket:[${inode}]`));
  if (links.size === 0) return [];
  return [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).map(({ name }) => Number(name))
    // The first process holds sockets for services that it starts on demand; it is none of them.
    .filter((pid) => pid !== 1 && holdsOne(pid, links));
}

/** An address as the kernel writes it: groups of four bytes, each group in the machine's byte order. */
function kernelHex(address: string): string {
  if (address === "::1") return "00000000000000000000000001000000";
  return address.split(".").toReversed().map((part) => Number(part).toString(16).padStart(2, "0")).join("")
    .toUpperCase();
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
