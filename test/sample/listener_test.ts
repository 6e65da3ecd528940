import assert from "node:assert/strict";
import { join } from "node:path";
import { cgroupLimits, findListeners } from "../../src/sample/mod.ts";
import { tempFolder } from "../temp_folder.ts";

Deno.test("findListeners() finds the process behind a port, and not one on another address", async () => {
  const code =
    "const { port } = Deno.listen({ hostname: '127.0.0.1', port: 0 }).addr; console.log(port); setTimeout(() => {}, 60000)";
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const port = Number((await reader.read()).value);
    assert.deepEqual(await findListeners(port), [child.pid]);
    const other = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `Deno.listen({ hostname: "127.0.0.2", port: ${port} }); console.log(1); setTimeout(() => {}, 60000)`,
      ],
      stdout: "piped",
    }).spawn();
    const ready = other.stdout.getReader();
    await ready.read();
    try {
      assert.deepEqual(await findListeners(port, "127.0.0.1"), [child.pid]);
      assert.deepEqual(await findListeners(port, "127.0.0.2"), [other.pid]);
    } finally {
      other.kill("SIGKILL");
      await other.status;
      await ready.cancel();
    }
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
  }
});

Deno.test("findListeners() finds nobody behind a free port", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  assert.deepEqual(await findListeners(port), []);
});

Deno.test("cgroupLimits() reads both versions, and takes no limit for none", async () => {
  const rows: [why: string, files: Record<string, string>, want: object][] = [
    ["version 2", { "cpu.max": "150000 100000\n", "memory.max": "4294967296\n" }, {
      cores: 1.5,
      memory_bytes: 2 ** 32,
    }],
    ["version 2 without limits", { "cpu.max": "max 100000\n", "memory.max": "max\n" }, {}],
    ["version 1", {
      "cpu/cpu.cfs_quota_us": "200000\n",
      "cpu/cpu.cfs_period_us": "100000\n",
      "memory/memory.limit_in_bytes": "1073741824\n",
    }, { cores: 2, memory_bytes: 2 ** 30 }],
    ["version 1 without limits", {
      "cpu/cpu.cfs_quota_us": "-1\n",
      "cpu/cpu.cfs_period_us": "100000\n",
      "memory/memory.limit_in_bytes": "9223372036854771712\n",
    }, {}],
    ["no cgroups", {}, {}],
  ];
  for (const [why, files, want] of rows) {
    await using folder = await tempFolder();
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder.path, name);
      await Deno.mkdir(join(path, ".."), { recursive: true });
      await Deno.writeTextFile(path, text);
    }
    assert.deepEqual(cgroupLimits(folder.path), want, why);
  }
});
