import { InputError } from "../schema/input_error.ts";
import { shapeCatalogueSchema, type WorkerShape } from "../schema/sizing.ts";
import { catalogue } from "../size/mod.ts";
import { readJsonFile } from "./read_json_file.ts";

const PROVIDERS: Record<string, string> = { aws: "AWS", azure: "Azure", gcp: "Google Cloud" };
const WANTED = "aws, azure, gcp, or a JSON file as plimsoll schema shapes describes it, with commas between several";

/**
 * Reads machine shapes: those of `data/catalogues/` by their provider, and files of the user's.
 *
 * @param text providers and files, with commas between them.
 * @throws {InputError} If a file is no catalogue, or a name is there twice.
 *
 * @example One cloud's
 * ```ts
 * import { readShapes } from "./read_shapes.ts";
 * import assert from "node:assert/strict";
 *
 * assert(readShapes("aws").some(({ name }) => name === "m7i.large"));
 * ```
 */
export function readShapes(text: string): WorkerShape[] {
  const shapes = text.split(",").flatMap((part) => {
    const source = part.trim();
    if (Object.hasOwn(PROVIDERS, source)) return catalogue().filter(({ provider }) => provider === PROVIDERS[source]);
    return readFile(source);
  });
  const twice = shapes.find(({ name }, index) => shapes.findIndex((one) => one.name === name) !== index);
  if (twice) throw new InputError("--shapes", text, `shapes with different names: ${twice.name} is there twice`);
  return shapes;
}

function readFile(path: string): WorkerShape[] {
  const parsed = shapeCatalogueSchema.safeParse(readJsonFile(path, { field: "--shapes", wanted: WANTED }));
  if (parsed.success) return parsed.data.shapes;
  const [{ path: field, message }] = parsed.error.issues;
  throw new InputError("--shapes", path, `${WANTED} (${field.join(".") || "the file"}: ${message})`);
}
