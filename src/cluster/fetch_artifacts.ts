import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { namesIn } from "../run/survey_run.ts";
import { attemptFiles } from "../schema/attempt_files.ts";
import { InputError } from "../schema/input_error.ts";
import type { AttemptSeal } from "../schema/run.ts";
import { Hub, type HubOptions } from "./hub.ts";
import { ARTIFACT_PATH, type ArtifactLine, keys, type WorkerCard } from "./messages.ts";

/** The longest that one file may take. */
const FETCH_MS = 60_000;

/** What {@linkcode fetchArtifacts} did. */
export interface FetchEnd {
  /** Files that the run lists. */
  listed: number;
  /** That were there already, whole. */
  present: number;
  /** That came now, and are what was listed. */
  fetched: number;
  /** That are not here, and why, by worker. */
  missing: { worker: string; files: number; reason: string }[];
}

/**
 * Fetches what workers kept of a run, each file from the worker that has it, and looks whether it is what the run lists.
 *
 * @param run the run directory.
 * @param options the hub, where workers say where they are.
 * @throws {InputError} If there is no run, or the hub lets nobody in.
 *
 * @example
 * ```ts ignore
 * import { fetchArtifacts } from "plimsoll";
 * const { fetched } = await fetchArtifacts("data/runs/first", { url: "rediss://hub.example:6380" });
 * ```
 */
export async function fetchArtifacts(run: string, options: HubOptions): Promise<FetchEnd> {
  const root = resolve(run);
  if (!existsSync(join(root, "plan.json"))) throw new InputError("RUN", run, "the folder of a run");
  const lines = listed(root);
  const end: FetchEnd = { listed: lines.length, present: 0, fetched: 0, missing: [] };
  if (lines.length === 0) return end;
  await using hub = await Hub.open(options);
  using client = Deno.createHttpClient(options.ca === undefined ? {} : { caCerts: [options.ca] });
  for (const [worker, files] of Map.groupBy(lines, (line) => line.worker)) {
    const text = await hub.redis.get(keys.worker(hub.prefix, worker));
    const card = text === null ? undefined : JSON.parse(text) as WorkerCard;
    const reasons: string[] = [];
    for (const file of files) {
      const to = join(root, file.path);
      if (!ARTIFACT_PATH.test(file.path) || !/^[0-9a-f]{8}$/.test(file.run)) {
        reasons.push("it is listed with a path that leads elsewhere");
        continue;
      }
      if (existsSync(to) && hashOf(Deno.readFileSync(to)) === file.sha256) {
        end.present++;
        continue;
      }
      try {
        await fetchOne(file, to, { card, client });
        end.fetched++;
      } catch (error) {
        reasons.push((error as Error).message);
      }
    }
    if (reasons.length > 0) end.missing.push({ worker, files: reasons.length, reason: reasons[0] });
  }
  return end;
}

async function fetchOne(
  { run, path, bytes, sha256 }: ArtifactLine,
  to: string,
  { card, client }: { card?: WorkerCard; client: Deno.HttpClient },
): Promise<void> {
  if (!card) throw new Error("it is not at the hub");
  if (!card.artifacts) {
    throw new Error("it gives out nothing: start it with --serve-artifacts, the same --name and the same --spool");
  }
  const { url, token } = card.artifacts;
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/${run}/${path}`, {
    headers,
    client,
    redirect: "error",
    signal: AbortSignal.timeout(FETCH_MS),
  }).catch((error: Error & { cause?: Error }) => {
    // What it says by itself is that it failed.
    const cause = (error.cause?.message ?? error.message).replace(/^error sending request for url \([^)]*\): /, "");
    throw new Error(`${url}: ${cause}`);
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`it answered with status ${response.status}`);
  }
  await Deno.mkdir(dirname(to), { recursive: true, mode: 0o700 });
  try {
    const hash = createHash("sha256");
    using file = await Deno.open(`${to}.tmp`, { create: true, truncate: true, write: true, mode: 0o600 });
    let received = 0;
    for await (const chunk of response.body ?? []) {
      received += chunk.length;
      // Whatever it sends, no more of it is taken than was listed.
      if (!(received <= bytes)) throw new Error(`it sent more than the ${bytes} bytes that the run lists`);
      hash.update(chunk);
      for (let written = 0; written < chunk.length;) written += await file.write(chunk.subarray(written));
    }
    if (hash.digest("hex") !== sha256) throw new Error("what it sent is not what the run lists");
    await Deno.rename(`${to}.tmp`, to);
  } catch (error) {
    await Deno.remove(`${to}.tmp`).catch(() => {});
    throw error;
  }
}

/**
 * How much of a run stayed with its workers, as its complete attempts list it.
 *
 * @param run the run directory.
 */
export function countArtifacts(run: string): { files: number; workers: string[] } {
  const lines = listed(resolve(run));
  return { files: lines.length, workers: [...new Set(lines.map(({ worker }) => worker))] };
}

/** Of all complete attempts. */
function listed(root: string): ArtifactLine[] {
  const attempts = namesIn(join(root, "levels")).flatMap((level) =>
    namesIn(join(root, "levels", level)).flatMap((replicate) =>
      namesIn(join(root, "levels", level, replicate)).map((attempt) => join(root, "levels", level, replicate, attempt))
    )
  );
  return attempts.filter((folder) => existsSync(join(folder, "COMPLETE.json"))).flatMap((folder) => {
    const { files } = JSON.parse(Deno.readTextFileSync(join(folder, "COMPLETE.json"))) as AttemptSeal;
    return attemptFiles(files, "artifacts").flatMap((name) =>
      Deno.readTextFileSync(join(folder, name)).split("\n").filter((line) => line !== "")
        .map((line) => JSON.parse(line) as ArtifactLine)
    );
  });
}

function hashOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
