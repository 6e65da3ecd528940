/**
 * Reads JSON documents, one a line, until the stream ends. A torn last line is left out.
 *
 * @example Two documents
 * ```ts
 * import { jsonLines } from "./json_lines.ts";
 * import assert from "node:assert/strict";
 *
 * const stream = new Blob(['{"a":1}\n{"a":2}\n{"a":']).stream();
 * assert.deepEqual(await Array.fromAsync(jsonLines(stream)), [{ a: 1 }, { a: 2 }]);
 * ```
 */
export async function* jsonLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line);
  }
}
