/** Runs benchmarks: `deno task bench NAME`. They compare within one run, round by round, and say medians and ratios. */
import process from "node:process";
import { installPeers } from "./peers.ts";

const BENCHES: Record<string, string> = {
  http:
    "requests/s of one generator core at 50 and 1000 connections, beside wrk, k6, autocannon, Locust, Artillery (5 min)",
  paced: "what paced sessions cost, 1000 and 10,000 of them, beside k6, Locust, Artillery (5 min)",
  browser:
    "what 8 browser sessions cost their generator, beside Artillery's Playwright engine and plain Playwright (2 min)",
  cluster: "rows/s through a hub, and what a sweep by two workers costs its coordinator, to 10,000 sessions (4 min)",
  measure: "what sampling and recording cost, beside psutil and systeminformation (3 min)",
  fit: "fits a second of a curve with its errors, and a bootstrap, beside scipy and R (1 min)",
  dataset:
    "loading 5 million request rows and 1 million resource rows, beside DuckDB, Polars and pandas (10 min, 2 GB of disk)",
  notebook: "how long the first chart of a notebook takes in a cold kernel, and what that kernel holds (2 min)",
  extrapolate: "predicting real sweeps at twice their top level, beside single curves and the usl package of R",
  sizing: "whether sizes cover a known truth at 4 times the top level, and comparisons find known changes (2 min)",
  coverage: "what 95 % bands hold of simulated truths, and how wide they are beside an oracle's (3 min)",
  truth: "what is measured of a Streamer, beside what it knows of itself",
};

const names = Deno.args.filter((arg) => !arg.startsWith("--"));
const flags = Deno.args.filter((arg) => arg.startsWith("--"));
const known = names.every((name) => name === "all" || Object.hasOwn(BENCHES, name)) &&
  flags.every((flag) => flag === "--quick" || flag === "--install-peers");
if (!known || Deno.args.length === 0) {
  console.log(
    [
      "deno task bench NAME… | all [--install-peers] [--quick]",
      "",
      ...Object.entries(BENCHES).map(([name, what]) => `  ${name.padEnd(11)} ${what}`),
      "",
      "  --install-peers  first installs what npm and PyPI have of them, in the user's cache folder; wrk, nginx-light and r-base-core are apt's",
      "  --quick          one short round of little load: to see that it works",
      "",
      "A peer that is not installed is named and left out.",
    ].join("\n"),
  );
  process.exit(known ? 0 : 2);
}
if (flags.includes("--install-peers")) await installPeers();
for (const name of names.includes("all") ? Object.keys(BENCHES) : names) {
  const { bench } = await import(`./${name}.ts`);
  await bench({ quick: flags.includes("--quick") });
}
