import assert from "node:assert/strict";
import { LinuxSampler, PortableSampler, type Sample, type Sampler } from "../../src/sample/mod.ts";
import { resourceRowSchema } from "../../src/schema/mod.ts";

const LINUX = Deno.build.os === "linux";

/** A process that uses one core for a while, half of it in children of its own that end. */
const BUSY = `
const burn = (ms) => { const end = performance.now() + ms; while (performance.now() < end); };
console.log("ready");
await new Promise((resolve) => setTimeout(resolve, 300));
const hold = new Uint8Array(64e6).fill(7);
for (let i = 0; i < 4; i++) {
  burn(250);
  await new Deno.Command(Deno.execPath(), {
    args: ["eval", "const end = performance.now() + 250; while (performance.now() < end);"],
  }).output();
}
console.log("cpu", hold.length);
await new Promise(() => setTimeout(() => {}, 60000));
`;

function startBusy() {
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", BUSY], stdout: "piped", stderr: "null" }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  return {
    pid: child.pid,
    line: async () => (await lines.read()).value ?? "",
    end: async () => {
      child.kill("SIGKILL");
      await child.status;
      await lines.cancel();
    },
  };
}

const roots = (pid: number) => ({ target: [pid], generator: [], browser_agents: [] });
const of = (rows: Sample[], group: string) => rows.find((row) => row.group === group)!;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function follow(pid: number, samplers: Sampler[], until: () => boolean): Promise<Sample[][]> {
  const last: Sample[][] = [];
  for (let t_ms = 0; !until(); t_ms += 250) {
    for (const [index, sampler] of samplers.entries()) last[index] = await sampler.sample(roots(pid), t_ms);
    await pause(250);
  }
  for (const [index, sampler] of samplers.entries()) last[index] = await sampler.sample(roots(pid), 1e6);
  return last;
}

Deno.test({
  name: "LinuxSampler counts a process with its ended children, and its memory, as the kernel does",
  ignore: !LINUX,
  fn: async () => {
    const busy = startBusy();
    try {
      await busy.line();
      const sampler = new LinuxSampler();
      const before = of(sampler.sample(roots(busy.pid), 0), "target");
      assert.equal(before.cpu_ms, 0);
      const kernel = () => {
        const fields = Deno.readTextFileSync(`/proc/${busy.pid}/stat`).split(") ")[1].split(" ").map(Number);
        return 10 * (fields[11] + fields[12] + fields[13] + fields[14]);
      };
      const kernelBefore_ms = kernel();
      let done = false;
      busy.line().then(() => done = true);
      const [rows] = await follow(busy.pid, [sampler], () => done);
      const target = of(rows, "target");
      const kernel_ms = kernel() - kernelBefore_ms;
      assert(kernel_ms > 300, `the process used ${kernel_ms} ms`);
      assert(
        Math.abs(target.cpu_ms - kernel_ms) <= 0.03 * kernel_ms + 40,
        `${target.cpu_ms} ms, the kernel says ${kernel_ms} ms`,
      );
      assert(target.hottest_thread_cpu_ms! > 100 && target.hottest_thread_cpu_ms! <= target.cpu_ms + 20);
      assert.equal(target.memory_kind, "pss");
      assert(target.memory_bytes! > 64e6 && target.memory_bytes! < 400e6, `${target.memory_bytes} bytes`);
      for (const row of rows) resourceRowSchema.parse({ seq: 0, ...row });
    } finally {
      await busy.end();
    }
  },
});

Deno.test({
  name: "PortableSampler gives the same rows as LinuxSampler, coarser",
  ignore: !LINUX,
  fn: async () => {
    // One that burns steadily: what systeminformation cannot see are processes between two of its samples.
    const code =
      "const hold = new Uint8Array(64e6).fill(7); console.log(1); for (;;) { const end = performance.now() + 30; while (performance.now() < end); await new Promise((r) => setTimeout(r, 30)); }";
    const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "null", stderr: "null" }).spawn();
    try {
      await pause(700);
      const start = performance.now();
      const [linux, portable] = await follow(
        child.pid,
        [new LinuxSampler(), new PortableSampler()],
        () => performance.now() - start > 6000,
      );
      const [fine, coarse] = [of(linux, "target"), of(portable, "target")];
      const ratio = coarse.cpu_ms / fine.cpu_ms;
      assert(ratio > 0.75 && ratio < 1.3, `portable ${coarse.cpu_ms} ms, linux ${fine.cpu_ms} ms`);
      assert.equal(coarse.processes, fine.processes);
      assert.equal(coarse.memory_kind, "rss");
      assert(coarse.memory_bytes! >= 0.98 * fine.memory_bytes!, "RSS holds at least PSS");
      assert(coarse.memory_bytes! <= 3 * fine.memory_bytes!, `RSS ${coarse.memory_bytes}, PSS ${fine.memory_bytes}`);
      const [system, same] = [of(linux, "system"), of(portable, "system")];
      assert.equal(same.core_busy_ms!.length, system.core_busy_ms!.length);
      for (const field of ["cpu_ms", "memory_used_bytes", "memory_available_bytes"] as const) {
        assert(Math.abs(same[field]! / system[field]! - 1) < 0.1, `${field}: ${same[field]} and ${system[field]}`);
      }
      for (const row of portable) resourceRowSchema.parse({ seq: 0, ...row });
    } finally {
      child.kill("SIGKILL");
      await child.status;
    }
  },
});

Deno.test("A sampler goes on when the processes that it follows are gone", async () => {
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", "setTimeout(() => {}, 60000)"] }).spawn();
  const sampler = LINUX ? new LinuxSampler() : new PortableSampler();
  await sampler.sample(roots(child.pid), 0);
  child.kill("SIGKILL");
  await child.status;
  const target = of(await sampler.sample(roots(child.pid), 500), "target");
  assert.equal(target.processes, 0);
  assert.equal(target.memory_bytes ?? 0, 0);
});
