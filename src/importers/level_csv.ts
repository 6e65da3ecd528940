import { InputError } from "../schema/input_error.ts";
import { label } from "./label.ts";
import { readRecords } from "./read_records.ts";
import type { SourceFile, Tap } from "./source_file.ts";
import type { SummedFile, Sums, ToolReader } from "./tool_reader.ts";

/** A table of levels: a row a replicate, a column a metric, by the names that Plimsoll uses. `plimsoll export` writes such a one. */
export const levelCsv: ToolReader = { kind: "sums", format: "csv", tool: "a table of levels", notes: [], read };

const METRIC =
  /^((serving|target|browser|generator|system)_(cores|memory_bytes|memory_mean_bytes|rss_bytes)|throughput|network_bytes_per_s|artifact_bytes_per_hour|bytes_per_snapshot|latency_ms_p(50|95|99)(_low|_high)?|error_ratio|undelivered_ratio|requests)$/;
const OTHERS = ["sessions", "level", "replicate", "window_s", "machine_cores", "machine_memory_bytes"];
const KNOWN = "target_cores, target_memory_bytes, throughput, network_bytes_per_s, latency_ms_p95, error_ratio";

async function read(file: SourceFile, tap: Tap): Promise<SummedFile> {
  const { columns, rows, torn } = await readRecords(file, tap);
  if (!columns.includes("sessions") && file.level === undefined) {
    throw new InputError("FILE", file.path, "a table with a column sessions, or its sessions as FILE@N");
  }
  const metrics = columns.filter((name) => METRIC.test(name));
  if (!metrics.some((name) => name !== "requests")) {
    throw new InputError("FILE", file.path, `a table with a column of a metric, for example ${KNOWN}`);
  }
  const levels: Sums[] = [];
  const machine: Record<string, number> = {};
  for await (const { cells, line } of rows) {
    const cell = (name: string): number | undefined => {
      const text = cells[name]?.trim() ?? "";
      if (text === "") return undefined;
      const value = Number(text);
      const most = name.endsWith("_ratio") ? 1 : Infinity;
      if (Number.isFinite(value) && value >= 0 && value <= most) return value;
      throw new InputError(
        `${name}, line ${line} of ${file.path}`,
        text,
        most === 1 ? "a number from 0 to 1" : "a number that is not negative",
      );
    };
    for (const name of ["machine_cores", "machine_memory_bytes"]) {
      const value = cell(name);
      if (value === undefined) continue;
      if (value === 0 || (machine[name] ?? value) !== value) {
        throw new InputError(`${name}, line ${line} of ${file.path}`, value, "the same positive number in every row");
      }
      machine[name] = value;
    }
    const sessions = file.level ?? cell("sessions");
    if (sessions === undefined || sessions === 0) {
      throw new InputError(`sessions, line ${line} of ${file.path}`, cells.sessions ?? "", "a positive number");
    }
    const replicate = cell("replicate");
    if (replicate !== undefined && !(Number.isInteger(replicate) && replicate >= 1)) {
      throw new InputError(`replicate, line ${line} of ${file.path}`, replicate, "a whole number from 1");
    }
    const found = metrics.flatMap((name) => {
      const value = cell(name);
      return value === undefined ? [] : [[name, value] as const];
    });
    levels.push({ sessions, replicate, window_s: cell("window_s") ?? 0, metrics: Object.fromEntries(found) });
  }
  const unused = columns.filter((name) => name !== "" && !METRIC.test(name) && !OTHERS.includes(name)).map(label);
  return {
    levels,
    machine: {
      ...(machine.machine_cores === undefined ? {} : { cores: machine.machine_cores }),
      ...(machine.machine_memory_bytes === undefined ? {} : { memory_bytes: machine.machine_memory_bytes }),
    },
    notes: [
      ...(unused.length > 0 ? [`Columns of ${file.name} that say nothing to Plimsoll: ${unused.join(", ")}`] : []),
      ...(torn() ? [`The last row of ${file.name} is cut off, and was left out`] : []),
    ],
  };
}
