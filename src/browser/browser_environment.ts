import process from "node:process";

/**
 * The environment of a browser process: that of this process, with the folder of its libraries in front.
 *
 * @param libraryPath Folder of shared libraries to add.
 * @returns Environment variables.
 */
export function browserEnvironment(libraryPath?: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  if (libraryPath !== undefined) {
    env.LD_LIBRARY_PATH = [libraryPath, env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  }
  return env;
}
