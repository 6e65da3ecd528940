import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { textTable } from "../../src/cli/text_table.ts";
import { PROJECT, setUpPython } from "../../src/notebook/set_up_python.ts";
import { type BenchOptions, type Goal, goalsTable, Rounds, significant } from "./rounds.ts";

/** On committed data; each with whether it writes files, which go to a temporary folder. */
const NOTEBOOKS: Record<string, boolean> = {
  "02_clean_the_samples": true,
  "03_fit_the_scaling": false,
  "04_size_and_report": true,
  "06_find_the_knee": false,
  "07_bring_your_own_data": true,
};
const ROUNDS = 5;
const SCRIPT = fileURLToPath(new URL("notebook_kernel.py", import.meta.url));

/** What a notebook in a fresh kernel takes: seconds from the start of its process, and highest resident memory. */
interface Taken {
  ready_s: number;
  first_plot_s: number;
  all_s: number;
  at_first_plot_mb: number;
  peak_mb: number;
}

/** How long an analyst waits for the first chart of a notebook, and what its kernel holds. Linux only, as it reads `/proc`. */
export async function bench({ quick }: BenchOptions): Promise<void> {
  const { python, env } = await setUpPython({ onStep: console.log });
  const names = Object.keys(NOTEBOOKS).slice(0, quick ? 1 : undefined);
  const runners = Object.fromEntries(names.map((name) => [name, () => run(name, { python, env })]));
  const rounds = quick ? 1 : ROUNDS;
  const taken = await Rounds.run(runners, { rounds, ours: names[0] });
  const columns = ["ready_s", "first_plot_s", "all_s", "at_first_plot_mb", "peak_mb"] as const;
  console.log(`All cells of a notebook in a fresh kernel, from the start of its process; medians of ${rounds}\n`);
  console.log(
    textTable(
      ["notebook", "kernel ready [s]", "first plot [s]", "all cells [s]", "RSS at first plot [MB]", "peak RSS [MB]"],
      taken.names.map((name) => [name, ...columns.map((what) => significant(taken.median(name, (one) => one[what])))]),
      [1, 2, 3, 4, 5],
    ) + "\n",
  );
  const goals = names.flatMap((name): Goal[] => [
    {
      what: `first plot of ${name} [s]`,
      measured: taken.median(name, (one) => one.first_plot_s),
      sense: "<=",
      wanted: 3,
    },
    {
      what: `RSS at first plot of ${name} [MB]`,
      measured: taken.median(name, (one) => one.at_first_plot_mb),
      sense: "<=",
      wanted: 500,
    },
    {
      what: `peak RSS of all cells of ${name} [MB]`,
      measured: taken.median(name, (one) => one.peak_mb),
      sense: "<=",
      wanted: 500,
    },
  ]);
  console.log(goalsTable(goals) + "\n");
}

async function run(
  name: string,
  { python, env }: { python: string; env: Record<string, string> },
): Promise<Taken> {
  const folder = await Deno.makeTempDir();
  try {
    const parameters = NOTEBOOKS[name] ? { out: folder } : {};
    const { success, stdout, stderr } = await new Deno.Command(python, {
      args: [SCRIPT, join(PROJECT, "notebooks", `${name}.ipynb`), JSON.stringify(parameters)],
      env,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr).trim().split("\n").at(-1));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
