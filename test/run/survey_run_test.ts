import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { attemptPath, surveyPart } from "../../src/run/survey_run.ts";
import { tempFolder } from "../temp_folder.ts";

const ROWS = new TextEncoder().encode('{"seq":0}\n');

/** Makes an attempt with one file; what is changed in it after it was sealed is up to the caller. */
async function attemptIn(root: string, path: string, sealed = true): Promise<string> {
  const folder = join(root, path);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(join(folder, "resources.jsonl"), ROWS);
  if (!sealed) return folder;
  const sha256 = createHash("sha256").update(ROWS).digest("hex");
  const seal = {
    kind: "level",
    level: 8,
    replicate: 1,
    attempt: 1,
    state: "complete",
    started_at: "2026-01-01T00:00:00.000Z",
    window: { from_ms: 0, to_ms: 1000 },
    files: { "resources.jsonl": { rows: 1, bytes: ROWS.length, sha256 } },
  };
  await Deno.writeTextFile(join(folder, "COMPLETE.json"), JSON.stringify(seal));
  return folder;
}

Deno.test("attemptPath() names attempts so that surveyPart() finds them again, in the order of their numbers", async () => {
  await using root = await tempFolder();
  for (const name of ["levels/8/r1", "idle/before"]) {
    for (const attempt of [10, 9, 1]) await attemptIn(root.path, attemptPath(name, attempt));
    const found = await surveyPart(root.path, name);
    assert.deepEqual(found.map(({ attempt }) => attempt), [1, 9, 10], name);
    assert(
      found.every(({ state, path, attempt }) => state === "complete" && path === attemptPath(name, attempt)),
      name,
    );
  }
  assert.deepEqual(await surveyPart(root.path, "levels/8/r2"), []);
  assert.deepEqual(await surveyPart(root.path, "idle/after"), []);
});

Deno.test("surveyPart() tells complete from open and damaged attempts", async () => {
  const rows: [what: string, spoil: (folder: string) => Promise<void>, reason: RegExp][] = [
    ["a byte is another", (folder) => Deno.writeFile(join(folder, "resources.jsonl"), ROWS.with(7, 0x31)), /resources/],
    ["it ends early", (folder) => Deno.truncate(join(folder, "resources.jsonl"), 4), /resources/],
    [
      "something was added",
      (folder) => Deno.writeFile(join(folder, "resources.jsonl"), ROWS, { append: true }),
      /resources/,
    ],
    ["it is gone", (folder) => Deno.remove(join(folder, "resources.jsonl")), /resources/],
    ["the seal is torn", (folder) => Deno.truncate(join(folder, "COMPLETE.json"), 20), /COMPLETE\.json/],
    ["the seal is empty", (folder) => Deno.writeTextFile(join(folder, "COMPLETE.json"), "{}"), /COMPLETE\.json/],
  ];
  for (const [what, spoil, reason] of rows) {
    await using root = await tempFolder();
    await spoil(await attemptIn(root.path, "levels/8/r1/a1"));
    await attemptIn(root.path, "levels/8/r1/a2", false);
    const [first, second] = await surveyPart(root.path, "levels/8/r1");
    assert.equal(first.state, "damaged", what);
    assert.match(first.reason!, reason, what);
    assert.equal(second.state, "open", what);
  }
});
