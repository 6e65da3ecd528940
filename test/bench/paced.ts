import { textTable } from "../../src/cli/text_table.ts";
import { tempFolder } from "../temp_folder.ts";
import { type Load, type OwnWatched, peer, plimsoll, type Watched } from "./load.ts";
import { Nginx } from "./nginx.ts";
import { Peers } from "./peers.ts";
import { type BenchOptions, goalsTable, Rounds, significant } from "./rounds.ts";

const SERVER_CORE = 0;
const GENERATOR_CORE = 1;
const PEERS = ["k6", "locust", "artillery"];

/** What sessions cost that send one request a second each: CPU, memory, and how true they are to their pace. */
export async function bench({ quick }: BenchOptions): Promise<void> {
  await using folder = await tempFolder();
  await using nginx = await Nginx.start(folder.path, { core: SERVER_CORE });
  const peers = new Peers();
  const [few, many] = quick ? [20, 200] : [1000, 10_000];
  const load = (sessions: number): Load => ({
    sessions,
    pace_ms: 1000,
    window_ms: quick ? 2500 : 8000,
    core: GENERATOR_CORE,
  });
  const name = (sessions: number) => `plimsoll, ${sessions.toLocaleString("en")} sessions`;
  const [ours, ten] = [name(few), name(many)];
  // What a process without sessions holds is not a session's cost.
  const base = "plimsoll, 1 session";
  const runners: Record<string, (() => Promise<Watched>) | undefined> = {
    [base]: () => plimsoll({ ...load(1), window_ms: 1000 }, nginx),
    [ours]: () => plimsoll(load(few), nginx),
  };
  for (const peerName of PEERS) runners[peerName] = await peer(peerName, load(few), { nginx, peers });
  runners[ten] = () => plimsoll(load(many), nginx);
  const count = quick ? 1 : 3;
  const rounds = await Rounds.run(runners, { rounds: count, ours });

  const cpu = ({ cpu_us_a_request }: Watched) => cpu_us_a_request;
  const session_mib = (many_mib: number, sessions: number) =>
    (many_mib - rounds.median(base, ({ memory_mib }) => memory_mib)) / (sessions - 1);
  console.log(`One request a second and session, ${few} sessions where not said, medians of ${count} rounds\n`);
  console.log(
    textTable(
      [
        "generator",
        "requests/s",
        "CPU ms / 1000 requests",
        "its / ours",
        "interval error p99 ms",
        "PSS MiB",
        "connected s",
      ],
      rounds.names.filter((each) => each !== base).map((each) => [
        each,
        significant(rounds.median(each, ({ rate }) => rate)),
        significant(rounds.median(each, cpu)),
        rounds.ratio(each, ours, cpu).toFixed(2),
        significant(rounds.median(each, ({ interval_error_p99_ms }) => interval_error_p99_ms)),
        rounds.median(each, ({ memory_mib }) => memory_mib).toFixed(0),
        significant(rounds.median(each, ({ connected_ms }) => connected_ms / 1000)),
      ]),
      [1, 2, 3, 4, 5, 6],
    ) + "\n",
  );
  const own = (each: string, value: (watched: OwnWatched) => number) =>
    rounds.median(each, (watched) => value(watched as OwnWatched));
  console.log(
    textTable(
      ["sessions", "start late p50 ms", "p99 ms", "p99 ms in the first second", "MiB PSS / session", "errors"],
      [[ours, few], [ten, many]].map(([each, sessions]) => [
        sessions.toLocaleString("en"),
        significant(own(each as string, ({ start_late_p50_ms }) => start_late_p50_ms)),
        significant(own(each as string, ({ start_late_p99_ms }) => start_late_p99_ms)),
        significant(own(each as string, ({ first_late_p99_ms }) => first_late_p99_ms)),
        session_mib(rounds.median(each as string, ({ memory_mib }) => memory_mib), sessions as number).toFixed(4),
        `${own(each as string, ({ errors }) => errors)}`,
      ]),
      [0, 1, 2, 3, 4, 5],
    ) + "\n",
  );
  const at = (sessions: number) => `at ${sessions.toLocaleString("en")} sessions`;
  console.log(
    goalsTable([
      {
        what: `CPU a request ${at(few)} / locust's`,
        measured: rounds.ratio(ours, "locust", cpu),
        sense: "<=",
        wanted: 0.5,
      },
      {
        what: `CPU a request ${at(few)} / artillery's`,
        measured: rounds.ratio(ours, "artillery", cpu),
        sense: "<=",
        wanted: 0.15,
      },
      {
        what: `start lateness p99 ${at(few)} / locust's interval error`,
        measured: own(ours, ({ start_late_p99_ms }) => start_late_p99_ms) /
          rounds.median("locust", ({ interval_error_p99_ms }) => interval_error_p99_ms),
        sense: "<=",
        wanted: 0.1,
      },
      {
        what: `MiB a session above the base ${at(many)}`,
        measured: session_mib(rounds.median(ten, ({ memory_mib }) => memory_mib), many),
        sense: "<=",
        wanted: 0.05,
      },
      {
        what: `CPU a request ${at(many)} / ${at(few)}`,
        measured: rounds.ratio(ten, ours, cpu),
        sense: "<=",
        wanted: 1.5,
      },
    ]) + "\n",
  );
}
