import { parseArgs, type ParseArgsConfig } from "node:util";
import { InputError } from "../schema/input_error.ts";
import { nearest } from "./nearest.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** What a command was given. */
export interface Flags {
  values: Record<string, string | boolean | (string | boolean)[] | undefined>;
  positionals: string[];
}

/**
 * Reads a command's flags, `--name value` or `--name=value`.
 *
 * @param args what follows the command's name.
 * @param options the flags that it knows, as `node:util` describes them.
 * @param positionals how many arguments without a name it takes at most, and what they are.
 * @throws {InputError} If a flag is unknown, lacks its value or has one too many.
 */
export function readFlags(args: string[], options: Options, positionals = { most: 0, what: "" }): Flags {
  let read;
  try {
    read = parseArgs({ args: joined(args, options), options, strict: true, allowPositionals: true });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const flag = /'(-[^' ,=]*)/.exec(message)?.[1] ?? "flag";
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
      const known = Object.keys(options).map((name) => `--${name}`);
      const meant = nearest(flag, known);
      throw new InputError(flag, "an unknown flag", meant ?? `one of ${known.join(", ")}`);
    }
    throw new InputError(flag, "nothing, or too much", `it as in --help (${message.split(". ")[0]})`);
  }
  if (read.positionals.length > positionals.most) {
    const extra = read.positionals[positionals.most];
    const right = positionals.most === 0 ? "flags only" : `at most ${positionals.most}: ${positionals.what}`;
    throw new InputError("argument", extra, right);
  }
  return { values: read.values as Flags["values"], positionals: read.positionals };
}

/** Joins `--levels -1` to `--levels=-1`: a value that looks like a flag is still this flag's value, and wrong as such. */
function joined(args: string[], options: Options): string[] {
  const result: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const [arg, next] = [args[index], args[index + 1]];
    const takesNext = arg.startsWith("--") && options[arg.slice(2)]?.type === "string" && /^-[^-]/.test(next ?? "");
    result.push(takesNext ? `${arg}=${args[++index]}` : arg);
  }
  return result;
}

/**
 * Reads a number from a flag.
 *
 * @throws {InputError} If it is none, or out of bounds.
 */
export function readNumber(
  text: string,
  field: string,
  bounds: { low: number; high: number; whole?: boolean },
): number {
  const value = Number(text);
  const { low, high, whole } = bounds;
  if (
    !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text.trim()) || value < low || value > high ||
    (whole && !Number.isInteger(value))
  ) {
    throw new InputError(field, text, `a ${whole ? "whole " : ""}number from ${low} to ${high}`);
  }
  return value;
}

/**
 * Reads a list of numbers such as `10,100,1000`.
 *
 * @throws {InputError} If one of them is none, or out of bounds.
 */
export function readNumbers(
  text: string,
  field: string,
  bounds: { low: number; high: number; whole?: boolean },
): number[] {
  return text.split(",").map((part) => readNumber(part.trim(), field, bounds));
}
