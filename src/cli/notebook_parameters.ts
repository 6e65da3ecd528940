import { z } from "zod";
import { InputError } from "../schema/mod.ts";

/** A constant of a notebook's cell tagged `parameters`. */
export interface NotebookParameter {
  name: string;
  /** What it says of its type, as written: `number[]`. */
  declared?: string;
  /** Its value as written: `[1, 2, 4]`. */
  source: string;
}

/**
 * Reads the constants of a cell: `const levels: number[] = [1, 2, 4];`.
 *
 * @param source TypeScript; it is not run.
 * @returns One a constant, in their order.
 */
export function notebookParameters(source: string): NotebookParameter[] {
  const code = source.replace(/^\s*\/\/.*$/gm, "");
  const each =
    /\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*(?::\s*([^=;]+?))?\s*=\s*([\s\S]*?);?\s*(?=\n\s*(?:const|let|var)\s|$(?![\s\S]))/g;
  return [...code.matchAll(each)].map(([, name, declared, value]) => ({ name, declared, source: value }));
}

/**
 * Values for some parameters of a notebook, of the same types as the notebook's own.
 *
 * @param settings What was given, each `NAME=VALUE`: JSON, or text where the parameter is text.
 * @param known The notebook's parameters.
 * @returns Values by name.
 * @throws {InputError} If there is no such parameter, or the value is of another type.
 */
export function parameterValues(settings: string[], known: NotebookParameter[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const setting of settings) {
    const [, name, text] = /^([A-Za-z_$][\w$]*)=(.*)$/s.exec(setting) ?? [];
    if (name === undefined) throw new InputError("--set", setting, "NAME=VALUE, for example levels='[1,2,4]'");
    const parameter = known.find((each) => each.name === name);
    if (parameter === undefined) {
      const remedy = known.length > 0
        ? `a parameter of the notebook: ${known.map((each) => each.name).join(", ")}`
        : 'no parameters: the notebook has no cell tagged "parameters"';
      throw new InputError("--set", name, remedy);
    }
    values[name] = valueOf(text, parameter);
  }
  return values;
}

function valueOf(text: string, { name, declared, source }: NotebookParameter): unknown {
  const { schema, words } = declared === undefined
    ? typeOf(json(source.replace(/,(\s*[\]}])/g, "$1")))
    : named(declared);
  const read = schema.safeParse(json(text) ?? text);
  if (read.success) return read.data;
  // A text may look like something else, as a folder named 2024 does.
  const asText = schema.safeParse(text);
  if (asText.success) return asText.data;
  const at = read.error.issues[0].path.map((part) => typeof part === "number" ? `[${part}]` : `.${String(part)}`).join(
    "",
  );
  throw new InputError(`--set ${name}${at}`, text, `${words}, as the notebook's own ${source.replace(/\s+/g, " ")}`);
}

interface Type {
  schema: z.ZodType;
  words: string;
}

const NAMED: Record<string, Type> = {
  number: { schema: z.number(), words: "a number" },
  string: { schema: z.string(), words: "a text" },
  boolean: { schema: z.boolean(), words: "true or false" },
};

/** What cannot be told, takes any JSON or text. */
const ANY: Type = { schema: z.unknown(), words: "JSON" };

function named(declared: string): Type {
  const element = /^(?:readonly\s+)?(\w+)\[\]$/.exec(declared)?.[1];
  if (element !== undefined) return listOf(NAMED[element] ?? ANY);
  return NAMED[declared] ?? ANY;
}

/** The type of a value: lists hold what their first element is, objects the same names. */
function typeOf(value: unknown): Type {
  if (Array.isArray(value)) return listOf(value.length > 0 ? typeOf(value[0]) : ANY);
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([name, each]) => [name, typeOf(each).schema] as const);
    return { schema: z.strictObject(Object.fromEntries(fields)).partial(), words: "an object as JSON" };
  }
  return NAMED[typeof value] ?? ANY;
}

function listOf({ schema, words }: Type): Type {
  const plural = words === "JSON" ? "" : ` of ${words.replace(/^an? /, "")}s`;
  return { schema: z.array(schema), words: `a list${plural} as JSON` };
}

/** A value from JSON, or nothing where it is none. */
function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
