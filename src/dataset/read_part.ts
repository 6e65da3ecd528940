import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  type AttemptRows,
  type Capacity,
  reduceAttempt,
  type ReducedSample,
  REQUEST_FIELDS,
  RESOURCE_FIELDS,
  RowScanner,
  scannedRequests,
  scannedResources,
} from "../quality/mod.ts";
import { attemptFiles } from "../schema/attempt_files.ts";
import type { LevelSummary } from "../schema/levels.ts";
import type { Plan } from "../schema/plan.ts";
import type { EventRow } from "../schema/rows.ts";
import { type AttemptSeal, attemptSealSchema } from "../schema/run.ts";
import { parseJsonl } from "./read_jsonl.ts";
import { readSealed } from "./read_sealed.ts";

/** What attempts are reduced by. */
export interface Reduction {
  plan: Plan;
  capacity: Capacity;
}

/** What its rows come to. */
export interface ReducedAttempt {
  summary: LevelSummary;
  memory_kinds: ReducedSample["memory_kind"][];
}

/** An attempt as it was found: what is used of a replicate, and the later ones that are not. */
export type FoundAttempt =
  | { kind: "unused"; path: string; why: string }
  | {
    kind: "used";
    path: string;
    seal: AttemptSeal;
    warnings: string[];
    /** Of a window without load there is none. */
    reduced?: ReducedAttempt;
  };

/**
 * Reads a replicate, or an idle window, from its latest attempt that is whole, and reduces it.
 *
 * @param root the run directory.
 * @param folders its attempts, the latest first.
 * @param by how it is reduced.
 */
export function readPart(root: string, folders: readonly string[], by: Reduction): FoundAttempt[] {
  const found: FoundAttempt[] = [];
  let used = false;
  for (const path of folders) {
    const seal = readSeal(join(root, path));
    if (seal === undefined) found.push({ kind: "unused", path, why: "did not complete" });
    else if (used) continue;
    else if (seal === "broken") {
      found.push({ kind: "unused", path, why: "has a COMPLETE.json that no sweep writes" });
    } else {
      const read = readAttempt(root, { path, seal }, by);
      used = read.kind === "used";
      found.push(read);
    }
  }
  return found;
}

const requestScanner = new RowScanner(REQUEST_FIELDS);
const resourceScanner = new RowScanner(RESOURCE_FIELDS);

function readAttempt(root: string, of: { path: string; seal: AttemptSeal }, by: Reduction): FoundAttempt {
  const { path, seal } = of;
  const [requests, resources] = [attemptFiles(seal.files, "requests"), attemptFiles(seal.files, "resources")];
  const eventFiles = attemptFiles(seal.files, "events");
  const others = Object.keys(seal.files).filter((name) => ![...requests, ...resources, ...eventFiles].includes(name));
  const warnings: string[] = [];
  const events: EventRow[] = [];
  requestScanner.clear();
  resourceScanner.clear();
  for (const name of [...requests, ...eventFiles, ...resources, ...others]) {
    const file = join(path, basename(name));
    const scanner = requests.includes(name) ? requestScanner : resources.includes(name) ? resourceScanner : undefined;
    let broken = -(scanner?.broken ?? 0);
    const added = readSealed(join(root, file), seal.files[name], (bytes, end) => {
      if (scanner) scanner.scanPadded(bytes, end);
      else {
        const parsed = parseJsonl<EventRow>(decoder.decode(bytes.subarray(0, end)));
        broken += parsed.broken;
        if (eventFiles.includes(name)) { for (const row of parsed.rows) events.push(row); }
      }
    });
    if (added === undefined) return { kind: "unused", path, why: `has a ${name} that is not what was sealed` };
    if (added > 0) warnings.push(`${file}: ${added} bytes that were added after its end were left out`);
    broken += scanner?.broken ?? 0;
    if (broken > 0) warnings.push(leftOut(file, broken));
  }
  if (seal.kind === "idle") return { kind: "used", path, seal, warnings };
  const samples = scannedResources(resourceScanner.rows);
  const rows = { seal, requests: scannedRequests(requestScanner.rows), resources: samples, events };
  return { kind: "used", path, seal, warnings, reduced: reduced(rows, by) };
}

/** What the rows of an attempt come to. */
export function reduced(rows: AttemptRows, by: Reduction): ReducedAttempt {
  return {
    summary: reduceAttempt(rows, by.plan, by.capacity),
    memory_kinds: [...new Set(rows.resources.map((row) => row.memory_kind))],
  };
}

const decoder = new TextDecoder();

/** The seal of an attempt's folder; nothing if it has none. */
export function readSeal(folder: string): AttemptSeal | "broken" | undefined {
  try {
    return attemptSealSchema.parse(JSON.parse(readFileSync(join(folder, "COMPLETE.json"), "utf8")));
  } catch (error) {
    if (/^(ENOENT|ENOTDIR)$/.test((error as { code?: string }).code ?? "")) return undefined;
    return "broken";
  }
}

/** What is said of a file with lines that are no rows. */
export function leftOut(path: string, broken: number): string {
  return `${path}: ${broken} broken ${broken === 1 ? "line was" : "lines were"} left out`;
}
