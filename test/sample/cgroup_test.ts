import assert from "node:assert/strict";
import { hasProgram, works } from "../has_program.ts";
import { join } from "node:path";
import { Cgroup, cgroupFolders, cgroupLimits, cgroupPaths, LinuxSampler, type Sample } from "../../src/sample/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { makeCgroup } from "./make_cgroup.ts";
import { startPerl } from "./perl.ts";

const ROOT = "/sys/fs/cgroup";
const linux = Deno.build.os === "linux";
// Only root may make a cgroup.
const ignore = !linux || Deno.uid() !== 0 || !works("test -w /sys/fs/cgroup") || !hasProgram("perl");
const target = (rows: Sample[]) => rows.find(({ group }) => group === "target")!;

async function fixture(files: Record<string, string>): Promise<{ path: string } & AsyncDisposable> {
  const folder = await tempFolder();
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder.path, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
  return folder;
}

const V2 = {
  "cgroup.controllers": "cpu memory\n",
  "system.slice/web.service/cpu.stat":
    "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnr_periods 10\nnr_throttled 2\nthrottled_usec 40000\n",
  "system.slice/web.service/memory.current": "104857600\n",
  "system.slice/web.service/memory.stat": "anon 90000000\nfile 14857600\ninactive_file 4857600\n",
  "system.slice/web.service/cgroup.procs": "11\n12\n",
  "system.slice/web.service/worker/cgroup.procs": "13\n",
};

const V1 = {
  "cpuacct/docker/1/cpuacct.usage": "2500000000\n",
  "cpuacct/docker/1/cgroup.procs": "11\n",
  "cpu/docker/1/cpu.stat": "nr_periods 10\nnr_throttled 2\nthrottled_time 40000000\n",
  "memory/docker/1/memory.usage_in_bytes": "104857600\n",
  "memory/docker/1/memory.stat": "inactive_file 1\ntotal_inactive_file 4857600\n",
  "memory/docker/1/cgroup.procs": "11\n12\n13\n",
};

Deno.test("Cgroup reads both versions, by the name of the cgroup or by its folder", async () => {
  await using v2 = await fixture(V2);
  await using v1 = await fixture(V1);
  await using hybrid = await fixture({
    ...V1,
    "unified/cgroup.controllers": "\n",
    "unified/only/cpu.stat": "usage_usec 2500000\n",
    "unified/only/cgroup.procs": "11\n",
  });
  const rows: [why: string, root: string, path: string, want: unknown[]][] = [
    ["version 2", v2.path, "/system.slice/web.service", [2500, 1e8, 40, [11, 12, 13]]],
    ["its folder", v2.path, `${v2.path}/system.slice/web.service/`, [2500, 1e8, 40, [11, 12, 13]]],
    ["version 1", v1.path, "/docker/1", [2500, 1e8, 40, [11, 12, 13]]],
    ["one of its folders", v1.path, `${v1.path}/memory/docker/1`, [2500, 1e8, 40, [11, 12, 13]]],
    ["both", hybrid.path, "/docker/1", [2500, 1e8, 40, [11, 12, 13]]],
    ["only in version 2 of both", hybrid.path, "/only", [2500, undefined, undefined, [11]]],
    ["none", v2.path, "/nowhere", [undefined, undefined, undefined, []]],
  ];
  for (const [why, root, path, want] of rows) {
    using cgroup = new Cgroup(path, root);
    assert.deepEqual([cgroup.cpu_ms(), cgroup.memory_bytes(), cgroup.throttled_ms(), cgroup.pids()], want, why);
  }
});

Deno.test("cgroupLimits() takes the least from a process's cgroup up to the root", async () => {
  await using v2 = await fixture({
    "a/cpu.max": "400000 100000\n",
    "a/b/cpu.max": "max 100000\n",
    "a/b/memory.max": "3000\n",
    "a/memory.max": "2000\n",
    "a/b/cpuset.cpus.effective": "0\n",
    "c/cpu.max": "50000 100000\n",
  });
  const paths = (path: string) => new Map([["", path]]);
  const one = navigator.hardwareConcurrency > 1 ? 1 : 4;
  assert.deepEqual(cgroupLimits(v2.path, paths("/a/b")), { cores: one, memory_bytes: 2000 });
  assert.deepEqual(cgroupLimits(v2.path, paths("/c")), { cores: 0.5 });
  assert.deepEqual(cgroupLimits(v2.path, paths("/")), {});
  assert.deepEqual(cgroupFolders("cpu", new Map([["", "/"], ["cpu", "/x/../y"]]), "/r"), [
    "/r",
    "/r/cpu/x/y",
    "/r/cpu/x",
    "/r/cpu",
  ]);
});

Deno.test({
  name: "A target that is a cgroup is counted by it, several processes and those that come and go",
  ignore,
  fn: async () => {
    await using cgroup = await makeCgroup();
    await using one = startPerl(
      `print "ready\\n"; <STDIN>; my $hold = "x" x 60_000_000; for (1..50) { if (!fork) { my $x = 0; $x += $_ for 1..60_000; POSIX::_exit(0) } wait } print "done\\n"; <STDIN>`,
    );
    await using two = startPerl(`print "ready\\n"; <STDIN>; burn(0.3); print "done\\n"; <STDIN>`);
    await using stranger = startPerl(`print "ready\\n"; <STDIN>; burn(0.3); print "done\\n"; <STDIN>`);
    for (const process of [one, two, stranger]) await process.line();
    for (const { pid } of [one, two]) cgroup.add(pid);
    using counted = new Cgroup(cgroup.path);
    assert.deepEqual(counted.pids().sort(), [one.pid, two.pid].sort());
    const sampler = new LinuxSampler();
    const roots = { target: [], target_cgroup: cgroup.path, generator: [], browser_agents: [] };
    const before_ms = counted.cpu_ms()!;
    const first = target(sampler.sample(roots, 0));
    assert.deepEqual([first.cpu_ms, first.processes], [0, 2]);
    for (const process of [one, two, stranger]) await process.go();
    for (const process of [one, two, stranger]) await process.line();
    const last = target(sampler.sample(roots, 500));
    const used_ms = counted.cpu_ms()! - before_ms;
    assert(used_ms > 350, `${used_ms} ms`);
    assert(Math.abs(last.cpu_ms - used_ms) <= 0.02 * used_ms + 5, `${last.cpu_ms} ms, the cgroup says ${used_ms}`);
    assert(last.hottest_thread_cpu_ms! >= 290 && last.hottest_thread_cpu_ms! <= last.cpu_ms);
    assert.equal(last.memory_kind, "cgroup");
    assert(last.memory_bytes! > 50e6 && last.memory_bytes! < 200e6, `${last.memory_bytes} bytes`);
    assert.equal(last.memory_bytes! % 4096, 0, "whole pages");
  },
});

Deno.test({
  name: "A limit of CPU is seen as capacity, and so is the time that it holds back",
  ignore,
  fn: async () => {
    await using cgroup = await makeCgroup();
    cgroup.set("cpu.cfs_quota_us", "20000");
    cgroup.set("cpu.max", "20000 100000");
    cgroup.set("memory.limit_in_bytes", `${256 * 2 ** 20}`);
    cgroup.set("memory.max", `${256 * 2 ** 20}`);
    await using burner = startPerl(`print "ready\\n"; <STDIN>; burn(0.3); print "done\\n"; <STDIN>`);
    await burner.line();
    cgroup.add(burner.pid);
    assert.deepEqual(cgroupLimits(ROOT, cgroupPaths(burner.pid)), { cores: 0.2, memory_bytes: 256 * 2 ** 20 });
    const sampler = new LinuxSampler();
    const roots = { target: [], target_cgroup: cgroup.path, generator: [], browser_agents: [] };
    const first = target(sampler.sample(roots, 0));
    await burner.go();
    await burner.line();
    const last = target(sampler.sample(roots, 500));
    // 300 ms of work at 20 ms in each 100 ms: it has been held back in most of the periods.
    assert(last.throttled_ms! - first.throttled_ms! > 300, `${last.throttled_ms} ms`);
  },
});
