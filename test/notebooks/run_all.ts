/** Runs every notebook of the project in the Deno kernel: `deno task notebooks [--set NAME=VALUE …]`. Changes none of them. */
import { join } from "node:path";
import process from "node:process";
import { notebook } from "../../src/cli/notebook.ts";
import { PROJECT } from "../../src/notebook/set_up_python.ts";

const folder = join(PROJECT, "notebooks");
const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".ipynb")).sort();
let failed = 0;
for (const name of names) {
  const code = await notebook(["run", join(folder, name), ...Deno.args]);
  if (code !== 0) failed++;
}
console.log(`${names.length - failed} of ${names.length} notebooks ran to their end`);
process.exit(failed === 0 ? 0 : 1);
