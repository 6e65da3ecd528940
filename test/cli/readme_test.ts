import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runPlimsoll } from "./run_plimsoll.ts";
import { tempFolder } from "../temp_folder.ts";

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const README = Deno.readTextFileSync(file("README.md"));
/** Tables are shown in part, and narrower than where all of their rows stand. */
const squeezed = (text: string) => text.replaceAll(/ {2,}|─+/g, " ");

/** The lines of the README's block that begins with such a line. */
function block(start: RegExp): string[] {
  const found = README.split("```").find((text) => start.test(text.trimStart()));
  assert(found, `the README has a block that begins with ${start}`);
  return found.trim().split("\n").map((line) => squeezed(line).trim()).filter((line) => line !== "");
}

Deno.test("the README shows of a sizing what plimsoll size prints", async () => {
  const end = await runPlimsoll(["size", file("data/sample/streamer_browser"), "--target", "8,100"]);
  assert.equal(end.code, 0, end.stderr);
  const printed = new Set(end.stdout.split("\n").map((line) => squeezed(line).trim()));
  const shown = block(/^8 sessions: 3 cores/);
  assert(shown.length > 10);
  assert.deepEqual(shown.filter((line) => !printed.has(line)), []);
});

Deno.test("the README shows of an import what plimsoll import prints", async () => {
  await using folder = await tempFolder();
  const end = await runPlimsoll(["import", file("data/sample/levels.csv"), "--out", `${folder.path}/run`]);
  assert.equal(end.code, 0, end.stderr);
  const shown = block(/^6 levels/);
  assert.deepEqual(`${end.stdout}${end.stderr}`.split("\n").slice(0, shown.length), shown);
});
