import { cp, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT } from "../../src/notebook/set_up_python.ts";

/**
 * A copy of the project, whose notebooks may be changed: the packages are the project's own.
 *
 * @param folder An empty folder.
 * @param options Without `python` it is as after a clone: nothing is set up for Jupyter.
 */
export async function projectCopy(folder: string, options: { python: boolean }): Promise<void> {
  for (const name of ["src", "notebooks", "data/sample", "data/catalogues", "deno.json", "deno.lock", "package.json"]) {
    await cp(join(PROJECT, name), join(folder, name), { recursive: true }).catch((error) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
  await symlink(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  if (!options.python) return;
  await mkdir(join(folder, ".venv"));
  // What a user of JupyterLab has set stays with the project.
  const links = (await readdir(join(PROJECT, ".venv"))).filter((name) =>
    name !== "jupyter" && name !== "plimsoll.lock"
  );
  for (const name of links) await symlink(join(PROJECT, ".venv", name), join(folder, ".venv", name));
}
