import { fileURLToPath } from "node:url";

/** What a command printed, and how it ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line as a process of its own, as a user would. */
export async function runPlimsoll(args: string[], cwd?: string): Promise<Ended> {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `--config=${path("../../deno.json")}`, path("../../src/cli/main.ts"), ...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
