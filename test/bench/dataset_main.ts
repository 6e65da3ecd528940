/** What `deno task bench dataset` measures as one process: a run directory to level summaries, printed as JSON. */
import { load, summarise } from "../../src/dataset/mod.ts";

const { levels } = summarise(await load(Deno.args[0]));
console.log(JSON.stringify(Object.fromEntries(
  levels.map(({ level, replicate, requests, metrics }) => [`${level} ${replicate}`, { requests, ...metrics }]),
)));
