/** Runs a benchmark: `deno task bench NAME`. Benchmarks compare within one run, and say medians and ratios. */
import process from "node:process";

const BENCHES: Record<string, string> = {
  extrapolate: "predicting real sweeps at twice their top level, beside single curves and the usl package of R",
  http: "requests/s of one generator core and the cost of paced sessions, beside wrk and autocannon",
  truth: "what is measured of a Streamer, beside what it knows of itself",
  measure: "what sampling and recording cost, beside what a user would pick instead",
};

const name = Deno.args[0] ?? "";
if (!Object.hasOwn(BENCHES, name)) {
  console.log(
    `deno task bench NAME\n\n${Object.entries(BENCHES).map(([key, what]) => `  ${key}  ${what}`).join("\n")}`,
  );
  process.exit(name === "" || name === "--help" ? 0 : 2);
}
const { bench } = await import(`./${name}.ts`);
await bench();
