import { until } from "./perl.ts";

const ROOT = "/sys/fs/cgroup";

/** A real cgroup of this machine, in whichever hierarchies it has. */
export async function makeCgroup(): Promise<
  { path: string; add: (pid: number) => void; set: (file: string, value: string) => void } & AsyncDisposable
> {
  const v2 = exists(`${ROOT}/cgroup.controllers`);
  const mounts = v2 ? [ROOT] : ["cpu", "cpuacct", "memory"].map((name) => `${ROOT}/${name}`).filter(exists);
  const path = `/plimsoll-test-${crypto.randomUUID().slice(0, 8)}`;
  const folders = [...new Set(mounts.map((mount) => Deno.realPathSync(mount)))].map((mount) => mount + path);
  for (const folder of folders) await Deno.mkdir(folder);
  return {
    path,
    add: (pid) => folders.forEach((folder) => Deno.writeTextFileSync(`${folder}/cgroup.procs`, `${pid}`)),
    set(file, value) {
      for (const folder of folders) if (exists(`${folder}/${file}`)) Deno.writeTextFileSync(`${folder}/${file}`, value);
    },
    async [Symbol.asyncDispose]() {
      for (const folder of folders) {
        await until("an empty cgroup", () => Deno.readTextFileSync(`${folder}/cgroup.procs`) === "");
        await Deno.remove(folder);
      }
    },
  };
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
