/**
 * Whether a shell command succeeds here. Tests against a real tool are skipped, and counted, where there is none;
 * the project's own checks install all of them, and take no skipped test.
 */
export function works(command: string): boolean {
  return new Deno.Command("sh", { args: ["-c", command], stdout: "null", stderr: "null" }).outputSync().success;
}

/** Whether a program is on the PATH. */
export function hasProgram(name: string): boolean {
  return works(`command -v ${name}`);
}

/** Whether file systems may be mounted: not in every container, even as root. */
export function canMount(): boolean {
  return Deno.uid() === 0 && works('d=$(mktemp -d) && mount -t tmpfs tmpfs "$d" && umount "$d" && rmdir "$d"');
}
