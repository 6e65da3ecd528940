/** A small program in Perl, which every Debian has, that says lines. */
export interface Perl extends AsyncDisposable {
  pid: number;
  /** The next line that it prints. */
  line(): Promise<string>;
  /** Tells it to go on: it reads a line. */
  go(): Promise<void>;
}

/** `burn(seconds)` of CPU time, and `cpu()`, what this process and its dead children have used so far. */
const PRELUDE = `
use POSIX; $| = 1;
sub cpu { my ($u, $s, $cu, $cs) = times; return $u + $s + $cu + $cs }
sub burn { my ($u, $s) = times; my $end = $u + $s + $_[0]; while (1) { my $x = 0; $x += $_ for 1..2000; my ($v, $w) = times; last if $v + $w >= $end } }
`;

/** Starts a program; `command` puts something before it, as `taskset -c 0`. */
export function startPerl(code: string, command: string[] = []): Perl {
  const [program, ...args] = [...command, "perl", "-e", PRELUDE + code];
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const stdin = child.stdin.getWriter();
  let rest = "";
  return {
    pid: child.pid,
    async line() {
      while (!rest.includes("\n")) {
        const { value, done } = await lines.read();
        if (done) throw new Error(`The program ended after ${JSON.stringify(rest)}`);
        rest += value;
      }
      const line = rest.slice(0, rest.indexOf("\n"));
      rest = rest.slice(line.length + 1);
      return line;
    },
    go: () => stdin.write(new TextEncoder().encode("\n")),
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
      await child.status;
      await stdin.close().catch(() => {});
      await lines.cancel();
    },
  };
}

/** CPU time of a process and of its children that have ended, as the kernel has it [ms]. */
export function kernelCpu(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
  return 10 * (fields[11] + fields[12] + fields[13] + fields[14]);
}

/** Waits until something is so. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Ten seconds without ${what}`);
}
