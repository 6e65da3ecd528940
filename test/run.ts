/**
 * Runs all tests and ends with the line `N passed, N failed`.
 *
 * Further arguments go to `deno test`, for example `deno task test test/plan`.
 */
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const child = new Deno.Command(Deno.execPath(), {
  // Measuring tests share the machine with nobody: files run one after the other.
  args: ["test", "-A", "--doc", "--quiet", ...(Deno.args.length > 0 ? Deno.args : ["test", "src"])],
  cwd: root,
  env: { NO_COLOR: "1" },
  stdout: "piped",
  stderr: "inherit",
}).spawn();

let tail = "";
const decoder = new TextDecoder();
for await (const bytes of child.stdout) {
  await Deno.stdout.write(bytes);
  tail = (tail + decoder.decode(bytes, { stream: true })).slice(-4000);
}
const { code } = await child.status;

const count = (what: string) =>
  Number(
    new RegExp(`(\\d+) ${what}`).exec(tail.split("\n").findLast((line) => /\d+ passed/.test(line)) ?? "")?.[1] ?? 0,
  );
const ignored = count("ignored");
console.log(
  `${count("passed")} passed, ${Math.max(count("failed"), code === 0 ? 0 : 1)} failed${
    ignored > 0 ? `, ${ignored} skipped` : ""
  }`,
);
Deno.exit(code);
