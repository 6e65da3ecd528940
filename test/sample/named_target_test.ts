import assert from "node:assert/strict";
import { hasProgram } from "../has_program.ts";
import { join } from "node:path";
import { makePlan, type PlanInput } from "../../src/plan/mod.ts";
import { openTarget, resolvePage } from "../../src/run/target.ts";
import { findByName, LinuxSampler, namedProcesses } from "../../src/sample/mod.ts";
import { InputError } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { kernelCpu, until } from "./perl.ts";

const ignore = Deno.build.os !== "linux" || !hasProgram("perl");
const at = { address: "127.0.0.1", port: 9 };
const plan = (input: Partial<PlanInput>) => makePlan({ url: "http://127.0.0.1:9/", ...input });

Deno.test({
  name: "A name finds all trees of it, also those that come later, and none of ours",
  ignore,
  fn: async () => {
    await using folder = await tempFolder();
    // Longer than what the kernel keeps of a name.
    const name = `web server ${crypto.randomUUID()}`;
    const program = join(folder.path, name);
    await Deno.copyFile("/usr/bin/perl", program);
    const child = () =>
      new Deno.Command(program, {
        args: [
          "-e",
          `$| = 1; if (!fork) { exec "sleep", 60 } print "ready\\n"; my $t = times; while (times() < $t + 0.2) {} print "burnt\\n"; sleep 60`,
        ],
        stdout: "piped",
      }).spawn();
    const one = child();
    const two = child();
    const all = [one, two];
    try {
      // Below the coordinator nothing is found: it is our own.
      assert.deepEqual(await findByName(name, Deno.pid), []);
      await until("both", () => all.every(({ pid }) => comm(pid) === name.slice(0, 15)));
      assert.deepEqual((await findByName(name, 1e9)).sort(), [one.pid, two.pid].sort());
      assert.deepEqual(await findByName(name.slice(0, 15), 1e9), [], "a part of a name is another name");
      const sampler = new LinuxSampler();
      const roots = { target: [], target_name: name, generator: [], browser_agents: [] };
      const target = (t_ms: number) => sampler.sample(roots, t_ms).find(({ group }) => group === "target")!;
      target(0);
      await until("their children", () => target(100).processes === 4);
      const third = child();
      all.push(third);
      await until("the third", () => target(200).processes === 6);
      await until("its work", () => kernelCpu(third.pid) >= 200);
      assert(target(300).cpu_ms >= 190);
    } finally {
      for (const process of all) {
        for (
          const entry of Deno.readTextFileSync(`/proc/${process.pid}/task/${process.pid}/children`).trim().split(" ")
        ) {
          if (entry) Deno.kill(Number(entry), "SIGKILL");
        }
        process.kill("SIGKILL");
        await process.status;
        await process.stdout.cancel();
      }
    }
  },
});

Deno.test("namedProcesses() leaves out who is above and below the coordinator", () => {
  const deno = (parent: number) => ({ parent, name: "deno" });
  const processes = new Map([
    [2, { parent: 1, name: "sh" }],
    [3, deno(2)],
    [4, deno(3)],
    [5, deno(4)],
    [6, { parent: 5, name: "sh" }],
    [7, deno(6)],
    [8, deno(1)],
    [9, deno(3)],
  ]);
  assert.deepEqual(namedProcesses(processes, "deno", 4), [8, 9]);
});

Deno.test({
  name: "A target that is not there is bad input, with the remedy",
  ignore,
  fn: async () => {
    const own = Deno.readTextFileSync("/proc/self/cgroup").match(/^\d+:(?:memory|):(.*)$/m)![1];
    const rows: [Partial<PlanInput>, field: string, remedy: RegExp][] = [
      [{ target_name: "no-such-program" }, "--target-name", /the exact name of a running program/],
      [{ target_cgroup: "/no/such/cgroup" }, "--target-cgroup", /a cgroup with processes, as \/proc\/PID\/cgroup/],
      [{ target_cgroup: own }, "--target-cgroup", /a cgroup without Plimsoll in it|a cgroup with processes/],
      [
        { target_prometheus: "http://127.0.0.1:9/metrics" },
        "--target-prometheus",
        /a page of metrics of node_exporter/,
      ],
    ];
    for (const [input, field, remedy] of rows) {
      const given = plan(input);
      await assert.rejects(
        async () => await openTarget(given, { ...at, page: await resolvePage(given) }),
        (error) => error instanceof InputError && error.field === field && remedy.test(error.message),
        `${JSON.stringify(input)} is refused`,
      );
    }
  },
});

Deno.test("A page of metrics on another host needs consent that names it", async () => {
  const given = plan({ target_prometheus: "http://metrics.example:9100/metrics" });
  for (const consent of [undefined, "127.0.0.1:9", "metrics.example:9100x"]) {
    await assert.rejects(resolvePage(given, consent), /--i-may-load-test=.*metrics\.example:9100/);
  }
  await assert.rejects(resolvePage(given, "127.0.0.1:9,metrics.example:9100"), /a host that resolves/);
  const local = plan({ target_prometheus: "http://localhost:9100/metrics", target_labels: { name: "web" } });
  const page = await resolvePage(local, "load.example:80");
  assert.deepEqual([page!.url, page!.labels], ["http://localhost:9100/metrics", { name: "web" }]);
  assert.match(page!.address, /^(127\.0\.0\.1|::1)$/);
});

function comm(pid: number): string {
  return Deno.readTextFileSync(`/proc/${pid}/comm`).trim();
}
