import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Recorder } from "../../src/run/recorder.ts";
import { tempFolder } from "../temp_folder.ts";

Deno.test("Recorder writes every row once, in order, and seals what it wrote", async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, "rows.jsonl");
  const recorder = new Recorder(path);
  for (let index = 0; index < 2500; index++) recorder.add({ step: `s"${index}` });
  const seal = recorder.close();
  const bytes = await Deno.readFile(path);
  const rows = new TextDecoder().decode(bytes).trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(rows.length, 2500);
  for (const [index, row] of rows.entries()) assert.deepEqual(row, { seq: index, step: `s"${index}` });
  assert.deepEqual(seal, { rows: 2500, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("Recorder never mixes two attempts", async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, "rows.jsonl");
  new Recorder(path).close();
  assert.throws(() => new Recorder(path), Deno.errors.AlreadyExists);
});

Deno.test("Recorder loses at most the last moment to kill -9, and tears no line before it", async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, "rows.jsonl");
  const module = new URL("../../src/run/recorder.ts", import.meta.url).href;
  const code = `import { Recorder } from "${module}"; const r = new Recorder(${JSON.stringify(path)}); let n = 0;
    setInterval(() => { for (let i = 0; i < 20; i++) r.add({ n: n++ }); console.log(n); }, 10);`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = 0;
  for (const end = Date.now() + 1500; Date.now() < end;) {
    said = Number((await reader.read()).value?.trim().split("\n").at(-1));
  }
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  const lines = (await Deno.readTextFile(path)).split("\n").slice(0, -1);
  for (const [index, line] of lines.entries()) assert.equal(JSON.parse(line).seq, index);
  assert(said > 1000, `${said} rows were added`);
  // 250 ms at 20 rows in 10 ms are 500; twice that, for a busy machine.
  assert(lines.length >= said - 1000, `${lines.length} of ${said} rows are there`);
});
