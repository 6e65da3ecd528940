import assert from "node:assert/strict";
import { hasProgram } from "../has_program.ts";
import { join } from "node:path";
import { LinuxSampler, ProcessTable, readProcessStat, type Sample } from "../../src/sample/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { kernelCpu, startPerl, until } from "./perl.ts";

const ignore = Deno.build.os !== "linux" || !hasProgram("perl");
const roots = (...target: number[]) => ({ target, generator: [], browser_agents: [] });
const of = (rows: Sample[], group: string) => rows.find((row) => row.group === group)!;
const near = (got: number, want: number, part: number, slack_ms = 25) =>
  assert(Math.abs(got - want) <= part * want + slack_ms, `${got} ms, the kernel says ${want} ms`);

Deno.test({
  name: "300 children that live between two samples are counted",
  ignore,
  fn: async () => {
    await using parent = startPerl(
      `print "ready\\n"; <STDIN>; for (1..300) { if (!fork) { my $x = 0; $x += $_ for 1..60_000; POSIX::_exit(0) } wait } print "done\\n"; <STDIN>`,
    );
    await parent.line();
    const sampler = new LinuxSampler();
    sampler.sample(roots(parent.pid), 0);
    const before = kernelCpu(parent.pid);
    await parent.go();
    await parent.line();
    const { cpu_ms, processes } = of(sampler.sample(roots(parent.pid), 1000), "target");
    const used_ms = kernelCpu(parent.pid) - before;
    assert(used_ms > 250, `the children used ${used_ms} ms`);
    near(cpu_ms, used_ms, 0.05);
    assert.equal(processes, 1);
  },
});

Deno.test({
  name: "threads that come and go between two samples are counted to the millisecond",
  ignore,
  fn: async () => {
    const burn = "const end = performance.now() + 4; while (performance.now() < end); close()";
    const code = `
      import process from "node:process";
      const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000 };
      const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
      for (console.log(cpu()); !(await input.read()).done; console.log(cpu())) {
        for (let n = 0; n < 12; n++) {
          const worker = new Worker("data:application/javascript," + encodeURIComponent("postMessage(0); ${burn}"), { type: "module" });
          await new Promise((resolve) => worker.onmessage = resolve);
          await new Promise((resolve) => setTimeout(resolve, 10));
          worker.terminate();
        }
      }`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", code],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const truth_ms = async () => Number((await lines.read()).value);
    const stdin = child.stdin.getWriter();
    const sampler = new LinuxSampler();
    let before_ms = await truth_ms();
    sampler.sample(roots(child.pid), 0);
    for (let n = 1, counted_ms = 0; n <= 3; n++) {
      await stdin.write(new TextEncoder().encode("go\n"));
      const after_ms = await truth_ms();
      const { cpu_ms } = of(sampler.sample(roots(child.pid), n * 1000), "target");
      const used_ms = after_ms - before_ms;
      assert(used_ms > 50, `the threads used ${used_ms} ms`);
      near(cpu_ms - counted_ms, used_ms, 0.02, 5);
      [before_ms, counted_ms] = [after_ms, cpu_ms];
    }
    await stdin.close();
    await child.stdout.cancel().catch(() => {});
    await child.status;
  },
});

Deno.test({
  name: "A process that was seen in the group stays there when its parent ends, and so do its children",
  ignore,
  fn: async () => {
    // The parent starts a middle process in a session of its own, that starts a daemon and ends when told.
    await using parent = startPerl(`
      pipe(my $read, my $write);
      if (!fork) {
        setsid();
        if (!fork) {
          close $write; my $up = getppid(); print "$$\\n"; select(undef, undef, undef, 0.01) while getppid() == $up;
          print "orphan\\n"; burn(0.3);
          my $child = fork; if (!$child) { burn(0.3); print "burnt\\n"; sleep 60 } waitpid($child, 0);
        }
        close $write; <$read>; POSIX::_exit(0);
      }
      close $read; <STDIN>; close $write; wait; sleep 60`);
    const daemon = Number(await parent.line());
    try {
      const sampler = new LinuxSampler();
      assert.equal(of(sampler.sample(roots(parent.pid), 0), "target").processes, 3);
      const before = kernelCpu(daemon);
      await parent.go();
      assert.equal(await parent.line(), "orphan");
      assert.notEqual(parentOf(daemon), parent.pid);
      assert.equal(await parent.line(), "burnt");
      const { cpu_ms, processes } = of(sampler.sample(roots(parent.pid), 1000), "target");
      const child = childOf(daemon);
      near(cpu_ms, kernelCpu(daemon) - before + kernelCpu(child), 0.05);
      assert(cpu_ms > 550, `${cpu_ms} ms`);
      assert.equal(processes, 3, "the parent, the daemon and its child");
      Deno.kill(child, "SIGKILL");
    } finally {
      Deno.kill(daemon, "SIGKILL");
    }
  },
});

Deno.test({
  name: "An orphan that was never seen is known by its process group; one with a session of its own is not",
  ignore,
  fn: async () => {
    const code = (session: string) =>
      `setpgrp; print "ready\\n"; <STDIN>; if (!fork) { ${session} if (!fork) { print "$$\\n"; sleep 60 } POSIX::_exit(0) } wait; sleep 60`;
    for (const [session, processes] of [["", 2], ["setsid();", 1]] as const) {
      await using parent = startPerl(code(session));
      await parent.line();
      const sampler = new LinuxSampler();
      sampler.sample(roots(parent.pid), 0);
      await parent.go();
      const daemon = Number(await parent.line());
      try {
        await until("an orphan", () => parentOf(parentOf(daemon)) !== parent.pid && parentOf(daemon) !== parent.pid);
        await until("its parent being reaped", () => !exists(parentOf(daemon)) || parentOf(daemon) === 1);
        assert.equal(of(sampler.sample(roots(parent.pid), 1000), "target").processes, processes, session);
      } finally {
        Deno.kill(daemon, "SIGKILL");
      }
    }
  },
});

Deno.test({
  name: "A program whose name looks like the rest of its line is read as it is",
  ignore,
  fn: async () => {
    await using folder = await tempFolder();
    for (const name of ["a) R 1 2 3", "b (c) d", "e\nf) Z 0", "))))"]) {
      const path = join(folder.path, name);
      await Deno.symlink("/bin/sleep", path);
      await using parent = startPerl(`system { $ARGV[0] } $ARGV[0], 60;`.replaceAll("$ARGV[0]", perlString(path)));
      let child = 0;
      await until(`a child named ${JSON.stringify(name)}`, () => {
        child = childOf(parent.pid);
        return child > 0 && Deno.readTextFileSync(`/proc/${child}/comm`) === `${name}\n`;
      });
      try {
        const stat = readProcessStat(Deno.readFileSync(`/proc/${child}/stat`));
        assert.deepEqual([stat.parent, stat.threads, stat.state], [parent.pid, 1, "S"], name);
        const { processes, memory_bytes = 0 } = of(new LinuxSampler().sample(roots(parent.pid), 0), "target");
        assert.equal(processes, 2, name);
        assert(memory_bytes > 100_000, name);
      } finally {
        Deno.kill(child, "SIGKILL");
      }
    }
  },
});

Deno.test({
  name: "A stranger that gets the id of an ended process is not charged to its group",
  // Only root may choose the next process id.
  ignore: ignore || Deno.uid() !== 0,
  fn: async () => {
    await using parent = startPerl(
      `my $child = fork; if (!$child) { sleep 60 } print "$child\\n"; waitpid($child, 0); print "ended\\n"; sleep 60`,
    );
    const id = Number(await parent.line());
    const sampler = new LinuxSampler();
    assert.equal(of(sampler.sample(roots(parent.pid), 0), "target").processes, 2);
    Deno.kill(id, "SIGKILL");
    await parent.line();
    // Whoever else starts a process now may take the id away.
    for (let tries = 0;; tries++) {
      assert(tries < 200, "the id could not be had again");
      Deno.writeTextFileSync("/proc/sys/kernel/ns_last_pid", `${id - 1}`);
      await using stranger = startPerl(`burn(0.2); print "burnt\\n"; sleep 60`);
      if (stranger.pid !== id) continue;
      await stranger.line();
      const { processes, cpu_ms } = of(sampler.sample(roots(parent.pid), 1000), "target");
      assert.equal(processes, 1);
      assert(cpu_ms < 100, `${cpu_ms} ms`);
      break;
    }
  },
});

Deno.test({
  name: "The hottest thread is the one that burns, and its core is busy",
  ignore,
  fn: async () => {
    const code = `
      const worker = (part) => new Worker("data:text/javascript," + encodeURIComponent(
        "setInterval(() => { const end = performance.now() + 100 * " + part + "; while (performance.now() < end); }, 100)"), { type: "module" });
      worker(0.9); worker(0.2); console.log("ready");`;
    const child = new Deno.Command("taskset", {
      args: ["-c", "0", Deno.execPath(), "eval", code],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const lines = child.stdout.getReader();
    try {
      await lines.read();
      await pause(500);
      const sampler = new LinuxSampler();
      // Time passes between two readings of a busy counter: each of ours lies between two of the kernel's.
      const outer = times(child.pid);
      const first = of(sampler.sample(roots(child.pid), 0), "system");
      const inner = times(child.pid);
      for (let n = 1; n <= 5; n++) {
        await pause(300);
        sampler.sample(roots(child.pid), n * 300);
      }
      await pause(300);
      const innerEnd = times(child.pid);
      const rows = sampler.sample(roots(child.pid), 1800);
      const outerEnd = times(child.pid);
      const between = (got: number, of: (time: ReturnType<typeof times>) => number, what: string) => {
        const [low, high] = [of(innerEnd) - of(inner), of(outerEnd) - of(outer)];
        assert(
          got >= 0.97 * low - 25 && got <= 1.03 * high + 25,
          `${what}: ${got} ms, the kernel says ${low} to ${high}`,
        );
      };
      const target = of(rows, "target");
      const used = (tid: string) => innerEnd.threads.get(tid)! - inner.threads.get(tid)!;
      const hottest = [...inner.threads.keys()].sort((a, b) => used(b) - used(a))[0];
      between(target.hottest_thread_cpu_ms!, ({ threads }) => threads.get(hottest)!, "hottest thread");
      between(target.cpu_ms, ({ threads }) => [...threads.values()].reduce((sum, ms) => sum + ms, 0), "all threads");
      assert(target.hottest_thread_cpu_ms! < 0.95 * target.cpu_ms, "the other thread is not its");
      const system = of(rows, "system");
      const core_ms = system.core_busy_ms![0] - first.core_busy_ms![0];
      between(core_ms, ({ core }) => core, "core");
      assert(core_ms >= 0.9 * target.cpu_ms - 60, "it burns on that core");
      assert.equal(system.core_busy_ms!.length, coreCount());
      assert(system.steal_ms! >= first.steal_ms!);
    } finally {
      child.kill("SIGKILL");
      await child.status;
      await lines.cancel();
    }
  },
});

Deno.test({
  name: "Only what has changed is read again, and memory that grows is seen",
  ignore,
  fn: async () => {
    await using parent = startPerl(
      `for (1..3) { if (!fork) { sleep 60 } } print "ready\\n"; <STDIN>; my $hold = "x" x 60_000_000; print "held\\n"; <STDIN>`,
    );
    await parent.line();
    const sampler = new LinuxSampler();
    const small = of(sampler.sample(roots(parent.pid), 0), "target");
    assert.deepEqual([small.processes, small.memory_kind], [4, "pss"]);
    await parent.go();
    await parent.line();
    const large = of(sampler.sample(roots(parent.pid), 20_000), "target");
    const grown = large.memory_bytes! - small.memory_bytes!;
    assert(grown > 55e6 && grown < 130e6, `${grown} bytes`);
    const all = [parent.pid, ...childrenOf(parent.pid)].map(pssOf).reduce((sum, bytes) => sum + bytes, 0);
    assert(Math.abs(large.memory_bytes! / all - 1) < 0.02, `${large.memory_bytes}, the kernel says ${all}`);
    for (const child of childrenOf(parent.pid)) Deno.kill(child, "SIGKILL");
  },
});

Deno.test({
  name: "A container without /proc/pressure has rows without pressure",
  ignore: ignore || Deno.uid() !== 0,
  fn: async () => {
    const code = `import { LinuxSampler } from ${JSON.stringify(import.meta.resolve("../../src/sample/mod.ts"))};
      console.log(JSON.stringify(new LinuxSampler().sample({ target: [Deno.pid], generator: [], browser_agents: [] }, 0)));`;
    await using folder = await tempFolder();
    const script = join(folder.path, "sample.ts");
    await Deno.writeTextFile(script, code);
    const run = async (before: string) => {
      const { stdout, stderr } = await new Deno.Command("unshare", {
        args: ["-m", "sh", "-c", `${before} exec "$0" run -A --quiet --no-config "$1"`, Deno.execPath(), script],
      }).output();
      assert.equal(new TextDecoder().decode(stderr), "");
      return of(JSON.parse(new TextDecoder().decode(stdout)), "system");
    };
    const hidden = await run("if [ -d /proc/pressure ]; then mount -t tmpfs none /proc/pressure; fi;");
    assert.equal(hidden.pressure_cpu_ms, undefined);
    assert(hidden.cpu_ms > 0);
    const there = await run("");
    if (exists("pressure")) assert(there.pressure_cpu_ms! >= 0 && there.pressure_memory_ms! >= 0);
    else assert.equal(there.pressure_cpu_ms, undefined);
  },
});

Deno.test({
  name: "ProcessTable closes the files of processes that have ended",
  ignore,
  fn: async () => {
    const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const table = new ProcessTable();
    table.update(roots());
    const before = open();
    {
      await using parent = startPerl(
        `my @all = map { my $pid = fork; if (!$pid) { sleep 60 } $pid } 1..20; print "ready\\n"; <STDIN>; kill 9, @all; waitpid($_, 0) for @all; print "reaped\\n"; <STDIN>`,
      );
      await parent.line();
      table.update(roots(parent.pid));
      for (const pid of table.members("target")) table.read(pid, true);
      assert(open() >= before + 40, "two files a process are kept");
      await parent.go();
      await parent.line();
    }
    table.update(roots());
    assert(open() <= before + 2, `${open()} open files, ${before} before`);
  },
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function exists(entry: number | string): boolean {
  try {
    Deno.statSync(`/proc/${entry}`);
    return true;
  } catch {
    return false;
  }
}

function parentOf(pid: number): number {
  try {
    return readProcessStat(Deno.readFileSync(`/proc/${pid}/stat`)).parent;
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((other) =>
    other > 0 && parentOf(other) === pid
  );
}

function childOf(pid: number): number {
  return childrenOf(pid)[0] ?? 0;
}

function times(pid: number): { threads: Map<string, number>; core: number } {
  return { threads: threadTimes(pid), core: coreTimes(0) };
}

function threadTimes(pid: number): Map<string, number> {
  return new Map(
    [...Deno.readDirSync(`/proc/${pid}/task`)].map((
      { name },
    ) => [name, parseInt(Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`)) / 1e6]),
  );
}

function coreTimes(core: number): number {
  const [, ...fields] = new RegExp(`^cpu${core} (.*)$`, "m").exec(Deno.readTextFileSync("/proc/stat"))![0].split(" ")
    .map(Number);
  return 10 * (fields[0] + fields[1] + fields[2] + fields[5] + fields[6]);
}

function coreCount(): number {
  return Deno.readTextFileSync("/proc/stat").match(/^cpu\d+ /gm)!.length;
}

function pssOf(pid: number): number {
  return 1024 * Number(/^Pss:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`))![1]);
}

function perlString(text: string): string {
  return `"${text.replace(/[\\"$@]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
