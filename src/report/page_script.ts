import { readFile } from "node:fs/promises";

const PARTS = ["import { ascending, isString, DisallowedObjectProperties } from 'vega-util';", "export {"];

/**
 * The page's whole script: Vega's runtime, its interpreter, which needs no `unsafe-eval`, Vega-Lite, and the page's own, which
 * `deno task bundle` makes of `page/main.ts` and of `size`.
 *
 * The interpreter is published as a module only; here it takes its helpers from Vega and becomes a plain function.
 *
 * @throws {TypeError} If the interpreter on disk is not the one that this was written for.
 */
export async function pageScript(): Promise<string> {
  const read = (address: string | URL) => readFile(new URL(address), "utf8");
  const [license, runtime, lite, interpreter, own] = await Promise.all([
    read(new URL("../LICENSE", import.meta.resolve("vega"))),
    read(new URL("vega.min.js", import.meta.resolve("vega"))),
    read(new URL("vega-lite.min.js", import.meta.resolve("vega-lite"))),
    read(import.meta.resolve("vega-interpreter")),
    read(new URL("page/page.js", import.meta.url)),
  ]);
  for (const part of PARTS) {
    if (interpreter.split(part).length !== 2) {
      throw new TypeError(`Cannot inline vega-interpreter: it must hold "${part}" once`);
    }
  }
  const expression = interpreter
    .replace(PARTS[0], "const { ascending, isString, DisallowedObjectProperties } = vega;")
    .replace(/export \{ expression as expressionInterpreter \};[^]*$/, "return expression;");
  return [
    `/*! Vega, Vega-Lite and vega-interpreter.\n${license.replaceAll("*/", "* /")}*/`,
    withoutMap(runtime),
    withoutMap(lite),
    `const expressionInterpreter = (function () {\n${expression}\n})();`,
    own,
  ].join("\n");
}

function withoutMap(script: string): string {
  return script.replace(/\/\/# sourceMappingURL=.*\s*$/, "");
}
