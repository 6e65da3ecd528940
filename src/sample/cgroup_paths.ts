/** Where cgroups are mounted. */
export const CGROUP_ROOT = "/sys/fs/cgroup";

/**
 * The cgroups that a process is in.
 *
 * @param pid the process.
 * @returns path by controller, as `/proc/<pid>/cgroup` has them; that of version 2 under the empty name. Empty if it cannot be read.
 *
 * @example In a service of a system with version 2
 * ```ts ignore
 * import { cgroupPaths } from "./cgroup_paths.ts";
 * cgroupPaths(4711).get(""); // "/system.slice/web.service"
 * ```
 */
export function cgroupPaths(pid: number | "self" = "self"): Map<string, string> {
  const paths = new Map<string, string>();
  let text;
  try {
    text = Deno.readTextFileSync(`/proc/${pid}/cgroup`);
  } catch {
    return paths;
  }
  for (const line of text.trim().split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path !== undefined) { for (const name of controllers.split(",")) paths.set(name, path); }
  }
  return paths;
}

/**
 * The folders that may hold a controller's files for a process, from its own cgroup up to the root, of both versions.
 *
 * In a container the path may be the host's, of which only the root is to be seen: folders need not exist.
 *
 * @param controller for example `cpu`.
 * @param paths what {@linkcode cgroupPaths} read.
 * @param root where cgroups are mounted.
 */
export function cgroupFolders(controller: string, paths: ReadonlyMap<string, string>, root = CGROUP_ROOT): string[] {
  const chain = (mount: string, path = "/") => {
    const parts = path.split("/").filter((part) => part !== "" && part !== "..");
    return parts.map((_, index) => `${mount}/${parts.slice(0, parts.length - index).join("/")}`).concat(mount);
  };
  return [...chain(root, paths.get("")), ...chain(`${root}/${controller}`, paths.get(controller))];
}
