import aws from "../../data/catalogues/aws.json" with { type: "json" };
import azure from "../../data/catalogues/azure.json" with { type: "json" };
import gcp from "../../data/catalogues/gcp.json" with { type: "json" };
import type { WorkerShape } from "../schema/mod.ts";

/**
 * Machines of some clouds, without prices: general, compute and memory families from 2 to 32 vCPU.
 *
 * From `data/catalogues/`, where each file says its source and date. Prices differ by region and contract: add your own as
 * `price_per_hour`.
 *
 * @returns Shapes for `size`, to be filtered and added to; each call a new list.
 *
 * @example Workers of one cloud
 * ```ts
 * import { catalogue } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * const shapes = catalogue().filter(({ provider, family }) => provider === "AWS" && family === "general");
 * assert.deepEqual(shapes[0], {
 *   name: "m7i.large", provider: "AWS", family: "general", vcpus: 2, memory_gib: 8, network_gbit_per_s: 0.781,
 * });
 * ```
 */
export function catalogue(): WorkerShape[] {
  return [aws, azure, gcp].flatMap(({ shapes }) => shapes.map((shape) => ({ ...shape })));
}
