import { InputError } from "../schema/input_error.ts";
import { readBytes, type SourceFile, type Tap } from "./source_file.ts";

/** Longer than any line that a tool writes [characters]. */
const LONGEST = 1_000_000;

/** One line of a file. */
export interface Line {
  text: string;
  /** From 1. */
  number: number;
  /** Nothing came after it, no line break either: it may be cut off. */
  last?: true;
}

/**
 * Reads a file line by line, however large it is.
 *
 * @param file Where it is.
 * @param tap Sees all bytes.
 * @throws {InputError} If it cannot be read, or a line is longer than a million characters.
 */
export async function* readLines(file: SourceFile, tap: Tap): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let rest = "";
  let number = 0;
  for await (const chunk of readBytes(file, tap)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const text of lines) yield { text, number: ++number };
    if (rest.length > LONGEST) {
      throw new InputError(
        "FILE",
        file.path,
        `a file of lines: line ${number + 1} is longer than ${LONGEST} characters`,
      );
    }
  }
  if (rest !== "") yield { text: rest, number: number + 1, last: true };
}
