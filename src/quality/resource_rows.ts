import type { ResourceRow } from "../schema/rows.ts";
import type { ScannedRows } from "./row_scanner.ts";

/** A sample of a group, as far as an attempt is reduced from it. */
export type ReducedSample = Pick<ResourceRow, "group" | "memory_kind" | typeof NUMBERS[number]>;

const NUMBERS = [
  "t_ms",
  "cpu_ms",
  "share",
  "memory_bytes",
  "rss_bytes",
  "hottest_thread_cpu_ms",
  "steal_ms",
  "throttled_ms",
  "memory_used_bytes",
  "pressure_memory_ms",
] as const;

/** What of a line of `resources.jsonl` is needed. */
export const RESOURCE_FIELDS = { numbers: NUMBERS, words: ["group", "memory_kind"] } as const;

/** Rows of what was scanned: they are read from its columns, which are good for as long as no more is scanned. */
export function scannedResources(scanned: ScannedRows): ReducedSample[] {
  const columns = new Columns(scanned);
  return Array.from({ length: scanned.length }, (_, row) => new Sample(columns, row));
}

class Columns {
  readonly numbers: Record<typeof NUMBERS[number], Float64Array>;
  readonly group: Int32Array;
  readonly groups: string[];
  readonly kind: Int32Array;
  readonly kinds: string[];

  constructor({ numbers, words, texts }: ScannedRows) {
    this.numbers = Object.fromEntries(NUMBERS.map((name, index) => [name, numbers[index]])) as Columns["numbers"];
    [this.group, this.kind] = words;
    [this.groups, this.kinds] = texts;
  }
}

/** A place in the columns: objects that hold a dozen numbers would cost more than all that is done with them. */
class Sample implements ReducedSample {
  readonly #columns: Columns;
  readonly #row: number;

  constructor(columns: Columns, row: number) {
    this.#columns = columns;
    this.#row = row;
  }

  get group(): ResourceRow["group"] {
    return this.#columns.groups[this.#columns.group[this.#row]] as ResourceRow["group"];
  }

  get memory_kind(): ResourceRow["memory_kind"] {
    const kind = this.#columns.kinds[this.#columns.kind[this.#row]];
    return kind === "" ? undefined : kind as ResourceRow["memory_kind"];
  }

  get t_ms(): number {
    return this.#columns.numbers.t_ms[this.#row];
  }

  get cpu_ms(): number {
    return this.#columns.numbers.cpu_ms[this.#row];
  }

  get share(): number | undefined {
    return read(this.#columns.numbers.share, this.#row);
  }

  get memory_bytes(): number | undefined {
    return read(this.#columns.numbers.memory_bytes, this.#row);
  }

  get rss_bytes(): number | undefined {
    return read(this.#columns.numbers.rss_bytes, this.#row);
  }

  get hottest_thread_cpu_ms(): number | undefined {
    return read(this.#columns.numbers.hottest_thread_cpu_ms, this.#row);
  }

  get steal_ms(): number | undefined {
    return read(this.#columns.numbers.steal_ms, this.#row);
  }

  get throttled_ms(): number | undefined {
    return read(this.#columns.numbers.throttled_ms, this.#row);
  }

  get memory_used_bytes(): number | undefined {
    return read(this.#columns.numbers.memory_used_bytes, this.#row);
  }

  get pressure_memory_ms(): number | undefined {
    return read(this.#columns.numbers.pressure_memory_ms, this.#row);
  }
}

function read(column: Float64Array, row: number): number | undefined {
  const value = column[row];
  return value === value ? value : undefined;
}
