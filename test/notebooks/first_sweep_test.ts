import assert from "node:assert/strict";
import { join } from "node:path";
import { reportSchema } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { picturesIn, runNotebook, saidIn } from "./notebook_file.ts";

Deno.test("01_first_sweep sweeps the Streamer in a real kernel, sees the superlinear network, and leaves a report", async () => {
  await using folder = await tempFolder();
  const [run, out] = [join(folder.path, "run"), join(folder.path, "out.ipynb")];
  const set = {
    levels: [1, 2, 4, 8, 16],
    replicates: 1,
    durationMs: 3000,
    warmupMs: 1000,
    idleMs: 1000,
    targets: [8, 40],
    out: run,
  };
  const ran = await runNotebook("01_first_sweep.ipynb", out, set);
  const pictures = picturesIn(ran);
  assert.equal(pictures.length, 7);
  for (const picture of pictures) assert(picture.length > 5000, "every chart has its picture");

  const said = saidIn(ran);
  const network = said.find((line) => /network/i.test(line) && /superlinear/i.test(line));
  assert(network, said.join("\n---\n"));
  assert(said.some((line) => /^complete: 5 of 5 attempts, \d clean levels/m.test(line)), said.at(-1));
  assert(said.some((line) => /^Done/m.test(line)), "the progress display ended");

  const report = reportSchema.parse(JSON.parse(Deno.readTextFileSync(join(run, "report", "report.json"))));
  assert.deepEqual([...new Set(report.sizing.rows.map((row) => row.target_sessions))], [8, 40]);
  assert(Deno.statSync(join(run, "derived", "levels.parquet")).size > 500);
});
