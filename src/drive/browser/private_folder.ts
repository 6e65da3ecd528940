import { tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "plimsoll-raw-";

/**
 * Makes a folder outside the run, of this user alone, for what is not redacted yet. Such folders of processes that have ended
 * without removing theirs are removed.
 *
 * @returns its path; whoever asked removes it.
 */
export async function privateFolder(): Promise<string> {
  for (const { name } of Deno.readDirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split("-")[0]) : NaN;
    if (pid > 0 && !isAlive(pid)) await Deno.remove(join(tmpdir(), name), { recursive: true }).catch(() => {});
  }
  return await Deno.makeTempDir({ prefix: `${PREFIX}${Deno.pid}-` });
}

function isAlive(pid: number): boolean {
  if (Deno.build.os !== "linux") return true;
  try {
    Deno.statSync(`/proc/${pid}`);
    return true;
  } catch {
    return false;
  }
}
