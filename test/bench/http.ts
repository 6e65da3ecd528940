import { textTable } from "../../src/cli/text_table.ts";
import { tempFolder } from "../temp_folder.ts";
import { type Load, type OwnWatched, peer, plimsoll, type Watched } from "./load.ts";
import { Nginx } from "./nginx.ts";
import { Peers } from "./peers.ts";
import { type BenchOptions, type Goal, goalsTable, Rounds, significant } from "./rounds.ts";

const SERVER_CORE = 0;
const GENERATOR_CORE = 1;
const OURS = "plimsoll";
const PEERS = ["wrk", "k6", "autocannon", "locust", "artillery"];
const GOALS: Record<number, [peer: string, wanted: number][]> = {
  50: [["autocannon", 1.1], ["locust", 5], ["artillery", 20], ["wrk", 0.6]],
  1000: [["autocannon", 1.2]],
};
const MOST_SPREAD = 3;

/** Requests a second of one generator core against nginx on the other, all rows recorded. */
export async function bench({ quick }: BenchOptions): Promise<void> {
  await using folder = await tempFolder();
  await using nginx = await Nginx.start(folder.path, { core: SERVER_CORE });
  const peers = new Peers();
  const goals: Goal[] = [];
  for (const sessions of quick ? [50] : [50, 1000]) {
    const load: Load = { sessions, window_ms: quick ? 500 : 4000, core: GENERATOR_CORE };
    const runners: Record<string, (() => Promise<Watched>) | undefined> = { [OURS]: () => plimsoll(load, nginx) };
    for (const name of PEERS) runners[name] = await peer(name, load, { nginx, peers });
    const rounds = await Rounds.run(runners, { rounds: quick ? 1 : 3, ours: OURS });

    console.log(
      `One generator core, ${sessions} connections, ${load.window_ms / 1000} s, medians of ${quick ? 1 : 3} rounds\n`,
    );
    console.log(
      textTable(
        ["generator", "requests/s", "ours / its", "CPU µs / request", "its / ours", "p50 ms", "p99 ms", "p99 / p50"],
        rounds.names.map((name) => [
          name === OURS ? "plimsoll, all rows recorded" : name,
          significant(rounds.median(name, ({ rate }) => rate)),
          rounds.ratio(OURS, name, ({ rate }) => rate).toFixed(2),
          rounds.median(name, ({ cpu_us_a_request }) => cpu_us_a_request).toFixed(1),
          rounds.ratio(name, OURS, ({ cpu_us_a_request }) => cpu_us_a_request).toFixed(2),
          significant(rounds.median(name, ({ p50_ms }) => p50_ms)),
          significant(rounds.median(name, ({ p99_ms }) => p99_ms)),
          significant(rounds.median(name, ({ p50_ms, p99_ms }) => p99_ms / p50_ms)),
        ]),
        [1, 2, 3, 4, 5, 6, 7],
      ) + "\n",
    );
    const own = (value: (watched: OwnWatched) => number) =>
      rounds.median(OURS, (watched) => value(watched as OwnWatched));
    console.log(
      `Requests that the server saw for each row of ours: ${own(({ served_per_row }) => served_per_row).toFixed(4)}; ` +
        `errors: ${own(({ errors }) => errors)}\n`,
    );
    for (const [name, wanted] of GOALS[sessions]) {
      goals.push({
        what: `requests/s at ${sessions} connections / ${name}'s`,
        measured: rounds.ratio(OURS, name, ({ rate }) => rate),
        sense: ">=",
        wanted,
      });
    }
    if (sessions === 1000) {
      goals.push({
        what: "p99 / p50 at 1000 connections",
        measured: rounds.median(OURS, ({ p50_ms, p99_ms }) => p99_ms / p50_ms),
        sense: "<=",
        wanted: MOST_SPREAD,
      });
    }
  }
  console.log(goalsTable(goals) + "\n");
}
