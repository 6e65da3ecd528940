import assert from "node:assert/strict";
import { join } from "node:path";
import { checkOut, RunDirectory } from "../../src/run/mod.ts";
import { InputError } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";

Deno.test("checkOut() lets a new or empty folder pass, and makes nothing", async () => {
  await using folder = await tempFolder();
  await checkOut(folder.path);
  await checkOut(join(folder.path, "a", "b"));
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("checkOut() refuses a run, other files, a file, and what cannot be written", async () => {
  await using folder = await tempFolder();
  const make = async (name: string, file?: string) => {
    const path = join(folder.path, name);
    if (file === undefined) await Deno.writeTextFile(path, "");
    else {
      await Deno.mkdir(path);
      await Deno.writeTextFile(join(path, file), "");
    }
    return path;
  };
  const rows: [path: string, remedy: RegExp][] = [
    [await make("run", "manifest.jsonl"), /this one holds a run/],
    [await make("other", "notes.txt"), /this one holds other files/],
    [await make("file"), /this is a file/],
    [join(folder.path, "file", "below"), /may write to/],
    ["a\0b", /without NUL/],
    [join(folder.path, "a,b"), /without commas/],
    ...(Deno.build.os === "linux" ? [["/proc/plimsoll", /may write to: \/proc is not/] as [string, RegExp]] : []),
  ];
  for (const [path, remedy] of rows) {
    await assert.rejects(checkOut(path), (error) => {
      assert(error instanceof InputError, path);
      assert.equal(error.field, "--out");
      assert.match(error.message, remedy, path);
      return true;
    }, path);
  }
});

Deno.test("RunDirectory is private, held by one sweep at a time, and seals whole or not at all", async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, "run");
  const run = RunDirectory.create(path);
  assert.throws(() => RunDirectory.create(path), /a sweep is writing to this one/);
  run.note({ event: "sweep_complete" });
  const attempt = run.folder("levels", "1", "r1", "a1");
  run.seal(attempt, {
    kind: "level",
    level: 1,
    replicate: 1,
    attempt: 1,
    state: "complete",
    started_at: new Date().toISOString(),
    window: { from_ms: 0, to_ms: 1 },
    files: {},
  });
  assert.deepEqual([...Deno.readDirSync(attempt)].map(({ name }) => name), ["COMPLETE.json"]);
  run.close();
  RunDirectory.create(path).close();
  for (
    const [name, mode] of [["", 0o700], ["manifest.jsonl", 0o600], ["levels/1/r1/a1/COMPLETE.json", 0o600]] as const
  ) {
    assert.equal(Deno.statSync(join(path, name)).mode! & 0o777, mode, name);
  }
});
