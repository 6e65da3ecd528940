import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Writes the Deno kernel's specification into a virtual environment, with the absolute path of the running Deno: where
 * Deno came by npx, there is none on PATH.
 *
 * @param folder The virtual environment.
 * @returns Variables that let Jupyter find it, and that keep Jupyter's own files in `folder` too.
 */
export async function writeKernelspec(folder: string): Promise<Record<string, string>> {
  const share = join(folder, "share", "jupyter");
  const kernel = join(share, "kernels", "deno");
  await mkdir(kernel, { recursive: true });
  const spec = {
    argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
    env: { NO_COLOR: "1" },
  };
  await writeFile(join(kernel, "kernel.json"), JSON.stringify(spec, null, 2) + "\n");
  const own = join(folder, "jupyter");
  await mkdir(own, { recursive: true, mode: 0o700 });
  return {
    JUPYTER_PATH: share,
    JUPYTER_CONFIG_DIR: join(own, "config"),
    JUPYTER_DATA_DIR: join(own, "data"),
    JUPYTER_RUNTIME_DIR: join(own, "runtime"),
    IPYTHONDIR: join(own, "ipython"),
  };
}
