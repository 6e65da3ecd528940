import { join } from "node:path";
import { PROJECT } from "../../src/notebook/set_up_python.ts";
import { runPlimsoll } from "../cli/run_plimsoll.ts";

export interface Output {
  output_type: string;
  /** Of a stream. */
  name?: string;
  text?: string[] | string;
  data?: Record<string, unknown>;
}

export interface Cell {
  cell_type: "code" | "markdown";
  source: string[] | string;
  outputs?: Output[];
  execution_count?: number | null;
  metadata: { tags?: string[] };
}

export interface Notebook {
  cells: Cell[];
  metadata: object;
}

/** A text of a notebook: the format has it whole, or by lines. */
export const text = (part: unknown): string => Array.isArray(part) ? part.join("") : String(part ?? "");

export const readNotebook = (path: string): Notebook => JSON.parse(Deno.readTextFileSync(path));

/** The path of one of the project's notebooks. */
export const notebookPath = (name: string): string => join(PROJECT, "notebooks", name);

/** What a reader sees of the outputs, as text, one an output. */
export function saidIn({ cells }: Notebook): string[] {
  return cells.flatMap(({ outputs = [] }) =>
    outputs.map(({ text: stream, data }) => text(data?.["text/markdown"] ?? stream ?? data?.["text/plain"]))
  );
}

/** Pictures of the charts among the outputs, each as base64. */
export function picturesIn({ cells }: Notebook): string[] {
  return cells.flatMap(({ outputs = [] }) =>
    outputs.flatMap(({ data }) => data && "application/vnd.vegalite.v5+json" in data ? [text(data["image/png"])] : [])
  );
}

/** Charts among the outputs, numbers to six digits: on another machine the last ones differ. */
export function chartsIn({ cells }: Notebook): unknown[] {
  const rounded = (_: string, value: unknown) => typeof value === "number" ? Number(value.toPrecision(6)) : value;
  return cells.flatMap(({ outputs = [] }) =>
    outputs.flatMap(({ data }) => {
      const spec = data?.["application/vnd.vegalite.v5+json"];
      return spec === undefined ? [] : [JSON.parse(JSON.stringify(spec, rounded))];
    })
  );
}

/**
 * Runs one of the project's notebooks in a real Deno kernel.
 *
 * @throws {Error} If a cell fails.
 */
export async function runNotebook(name: string, out: string, set: Record<string, unknown>): Promise<Notebook> {
  const { code, stderr } = await runPlimsoll([
    ...["notebook", "run", notebookPath(name), "--out", out],
    ...Object.entries(set).flatMap(([field, value]) => ["--set", `${field}=${JSON.stringify(value)}`]),
  ]);
  if (code !== 0) throw new Error(stderr);
  return readNotebook(out);
}
