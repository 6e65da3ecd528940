import assert from "node:assert/strict";
import { canMount, hasProgram } from "../has_program.ts";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { load, summarise } from "../../src/dataset/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import {
  assertWhole,
  lines,
  processWith,
  rememberingTarget,
  SHORT,
  startPlimsoll,
  until,
  writePlan,
} from "./under_fault.ts";

const FIRST = ["levels", "1", "r0", "a1"];
/** File systems are mounted here: only the superuser can. */
const ignore = Deno.build.os !== "linux" || !canMount() || !hasProgram("mkfs.ext4");

Deno.test(
  "a disk that fills: artifacts are given up first, then the sweep stops with code 3, and resume completes it",
  {
    ignore,
  },
  async () => {
    await using folder = await tempFolder();
    await using disk = await mount(folder.path, ["-t", "tmpfs", "-o", "size=32m", "tmpfs"]);
    await using target = rememberingTarget();
    const run = join(disk.path, "run");
    const plan = await writePlan(folder.path, {
      ...SHORT,
      mode: "playwright",
      url: target.url,
      levels: [1],
      duration_ms: 4000,
      pace_ms: 300,
      browser_scenario: { screenshot_every_ms: 300 },
    });
    const sweep = startPlimsoll(["sweep", plan, "--out", run]);
    const rows = join(run, ...FIRST, "requests.jsonl");
    const images = () => readdirSync(join(run, "artifacts", ...FIRST)).length;
    const interactions = () => lines(rows).filter((line) => /"interact"/.test(line)).length;
    await until(() => interactions() > 1 && images() > 1);

    fill(disk.path, 1500);
    await until(() => lines(join(run, ...FIRST, "events.jsonl")).some((line) => /artifacts_dropped/.test(line)));
    const [written, before] = [images(), interactions()];
    await until(() => interactions() > before + 2);
    assert(images() <= written + 1, "only the one that was being taken");
    const accepted = lines(rows).length;
    fill(disk.path, 300);
    const { code, end } = await sweep.ended();
    assert.equal(code, 3);
    assert.equal(end!.state, "guarded");
    assert.match(end!.reason!, /^only 0\.\d MB are free on the disk of the run$/);
    assert(assertWhole(rows) >= accepted);
    const { warnings } = await load(run);
    assert(
      warnings.some((text) => /^Artifacts were given up from .* on: only 1\.\d MB are free/.test(text)),
      warnings.join(),
    );

    const full = await startPlimsoll(["resume", run]).ended();
    assert.equal(full.code, 2, "not while it is full");
    assert.match(full.stderr, /a folder on a disk with more than 0\.7 MB free/);
    const elsewhere = await startPlimsoll(["sweep", plan, "--out", join(disk.path, "other")]).ended();
    assert.equal(elsewhere.code, 2);
    assert.match(elsewhere.stderr, /Cannot use --out: .* a folder on a disk with more than 0\.7 MB free/);

    for (const name of readdirSync(disk.path)) if (/^filler/.test(name)) Deno.removeSync(join(disk.path, name));
    const again = await startPlimsoll(["resume", run]).ended();
    assert.equal(again.code, 0, again.stderr);
    assert.equal(summarise(await load(run)).levels.length, 1);
  },
);

Deno.test(
  "a disk that is full at once ends the sweep with code 74, what is written is whole, and resume completes it",
  {
    ignore,
  },
  async () => {
    await using folder = await tempFolder();
    await using disk = await mount(folder.path, ["-t", "tmpfs", "-o", "size=32m", "tmpfs"]);
    await using target = rememberingTarget();
    const run = join(disk.path, "run");
    const plan = await writePlan(folder.path, { ...SHORT, url: target.url, levels: [2], duration_ms: 2500 });
    const sweep = startPlimsoll(["sweep", plan, "--out", run]);
    const rows = join(run, "levels", "2", "r0", "a1", "requests.jsonl");
    await until(() => existsSync(rows));
    target.answered_ms.length = 0;
    await until(() => target.accepted() > 3);
    // Its guard would see the disk fill: here the agent meets the full disk first.
    sweep.kill("SIGSTOP");
    const accepted = target.accepted();
    const agent = await processWith(sweep, "http_agent.ts");
    fill(disk.path, 0);
    await until(() => !sweep.processes().some(({ pid }) => pid === agent));
    sweep.kill("SIGCONT");
    const { code, stderr } = await sweep.ended();
    assert.equal(code, 74);
    assert.match(stderr, /The http agent ended early \(1\): No space left on device .* deno task plimsoll resume /);
    assert(assertWhole(rows) >= accepted);

    for (const name of readdirSync(disk.path)) if (/^filler/.test(name)) Deno.removeSync(join(disk.path, name));
    const again = await startPlimsoll(["resume", run]).ended();
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(summarise(await load(run)).levels.map(({ level, attempt }) => [level, attempt]), [[2, 1]]);
  },
);

Deno.test("a folder that goes read-only under the sweep ends it with code 74; writable again, resume completes it", {
  ignore,
}, async () => {
  await using folder = await tempFolder();
  const image = join(folder.path, "image");
  command("truncate", "--size=24M", image);
  command("mkfs.ext4", "-q", "-F", image);
  await using disk = await mount(folder.path, ["-o", "loop,errors=remount-ro", image]);
  await using target = rememberingTarget();
  const run = join(disk.path, "run");
  const plan = await writePlan(folder.path, { ...SHORT, url: target.url, levels: [1] });
  const sweep = startPlimsoll(["sweep", plan, "--out", run]);
  const rows = join(run, ...FIRST, "requests.jsonl");
  await until(() => existsSync(rows));
  target.answered_ms.length = 0;
  await until(() => target.accepted() > 3);
  const accepted = target.accepted();
  // The kernel makes it read-only as it does when it finds a file system broken.
  const device = basename(command("losetup", "-j", image).split(":")[0]);
  Deno.writeTextFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, "1");
  const { code, stderr } = await sweep.ended();
  assert.equal(code, 74);
  assert.match(stderr, /Read-only file system .* deno task plimsoll resume /);
  const still = await startPlimsoll(["resume", run]).ended();
  assert.equal(still.code, 74, still.stderr);
  assert.match(still.stderr, /Read-only file system/);

  command("umount", disk.path);
  command("sh", "-c", `fsck.ext4 -p ${image}; [ $? -le 1 ]`);
  command("mount", "-o", "loop", image, disk.path);
  assert(assertWhole(rows) >= accepted);
  const again = await startPlimsoll(["resume", run]).ended();
  assert.equal(again.code, 0, again.stderr);
  assert.equal(summarise(await load(run)).levels.length, 1);
});

/** Mounts a file system in a folder, until the end of the scope. */
function mount(folder: string, args: string[]): Promise<{ path: string } & AsyncDisposable> {
  const path = join(folder, "disk");
  Deno.mkdirSync(path);
  command("mount", ...args, path);
  return Promise.resolve({
    path,
    [Symbol.asyncDispose]: () => {
      command("umount", "--lazy", path);
      return Promise.resolve();
    },
  });
}

/** Takes what is free on a disk, but for so much. */
function fill(disk: string, left_kB: number): void {
  const free_kB = Number(command("df", "--output=avail", "--block-size=1000", disk).split("\n")[1]);
  const name = `filler-${left_kB}`;
  // The disk may have become smaller meanwhile: as much as goes.
  new Deno.Command("dd", {
    args: ["if=/dev/zero", `of=${join(disk, name)}`, "bs=1000", `count=${left_kB === 0 ? 100_000 : free_kB - left_kB}`],
    stderr: "null",
  }).outputSync();
}

function command(program: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(program, { args }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert(success, `${program} ${args.join(" ")}: ${text(stderr)}`);
  return text(stdout);
}
