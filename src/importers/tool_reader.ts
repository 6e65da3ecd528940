import type { ImportFormat } from "../schema/imported.ts";
import type { SourceFile, Tap } from "./source_file.ts";
import type { ToolEvent } from "./tool_event.ts";

/** One replicate of a level that a file of sums holds. */
export interface Sums {
  /** Observed concurrency. */
  sessions: number;
  /** As the file numbers it. */
  replicate?: number;
  /** [ms since 1970]; absent where the file does not say. */
  started_at_ms?: number;
  /** Length of what counts [s]; 0 where the file does not say. */
  window_s: number;
  /** By name, `requests` among them. */
  metrics: Record<string, number>;
}

/** What a file of sums holds. */
export interface SummedFile {
  levels: Sums[];
  machine?: { cores?: number; memory_bytes?: number };
  notes: string[];
}

/** How the files of one tool are read. */
export type ToolReader =
  & { format: ImportFormat; tool: string; notes: readonly string[] }
  & (
    /** Request by request. */
    | { kind: "raw"; read: (file: SourceFile, tap: Tap) => AsyncGenerator<ToolEvent>; no_concurrency: string }
    | { kind: "sums"; read: (file: SourceFile, tap: Tap) => Promise<SummedFile> }
  );
