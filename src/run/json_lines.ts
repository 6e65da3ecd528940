/**
 * Reads JSON documents, one a line, until the stream ends. A torn last line is left out.
 *
 * @example
 * ```ts
 * import { jsonLines } from "./json_lines.ts";
 * const stream = new Blob(['{"a":1}\n{"a":2}\n']).stream();
 * for await (const line of jsonLines(stream)) console.log(line);
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
