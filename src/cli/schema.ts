import { z } from "zod";
import * as contract from "../schema/mod.ts";
import { InputError } from "../schema/input_error.ts";
import { readFlags } from "./flags.ts";

const SCHEMAS: Record<string, z.ZodType> = {
  plan: contract.planSchema,
  request: contract.requestRowSchema,
  resource: contract.resourceRowSchema,
  complete: contract.attemptSealSchema,
  level: contract.levelSummarySchema,
  fit: contract.fitReportSchema,
  next: contract.nextLevelSchema,
  sizing: contract.sizingSchema,
  assumptions: contract.assumptionsSchema.partial(),
  shapes: contract.shapeCatalogueSchema,
  compare: contract.comparisonSchema,
  report: contract.reportSchema,
  import: contract.importEndSchema,
  export: contract.exportEndSchema,
  aggregate: contract.aggregateRowSchema,
  error: contract.errorDocumentSchema,
};

const HELP = `Prints the JSON Schema of a document that Plimsoll reads or writes.

  plimsoll schema NAME

  NAME is one of ${Object.keys(SCHEMAS).join(", ")}

  plimsoll schema plan
`;

/**
 * The command `plimsoll schema`.
 *
 * @returns exit code.
 * @throws {InputError} If there is no such schema.
 */
export function schema(args: string[]): number {
  const flags = readFlags(args, { help: { type: "boolean", short: "h" } }, { most: 1, what: "NAME" });
  if (flags.values.help) {
    console.log(HELP);
    return 0;
  }
  const name = flags.positionals[0] ?? "";
  if (!Object.hasOwn(SCHEMAS, name)) throw new InputError("NAME", name, `one of ${Object.keys(SCHEMAS).join(", ")}`);
  console.log(JSON.stringify(z.toJSONSchema(SCHEMAS[name], { unrepresentable: "any" }), null, 2));
  return 0;
}
