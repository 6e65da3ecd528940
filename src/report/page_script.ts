import { readFile } from "node:fs/promises";

const PARTS = ["import { ascending, isString, DisallowedObjectProperties } from 'vega-util';", "export {"];

/**
 * The page's whole script: Vega's runtime, its interpreter, which needs no `unsafe-eval`, and what draws the charts.
 *
 * The interpreter is published as a module only; here it takes its helpers from Vega and becomes a plain function.
 *
 * @throws {TypeError} If the interpreter on disk is not the one that this was written for.
 */
export async function pageScript(): Promise<string> {
  const read = (address: string | URL) => readFile(new URL(address), "utf8");
  const [license, runtime, interpreter, charts] = await Promise.all([
    read(new URL("../LICENSE", import.meta.resolve("vega"))),
    read(new URL("vega.min.js", import.meta.resolve("vega"))),
    read(import.meta.resolve("vega-interpreter")),
    read(new URL("page/charts.js", import.meta.url)),
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
    `/*! Vega and vega-interpreter.\n${license.replaceAll("*/", "* /")}*/`,
    withoutMap(runtime),
    `const expressionInterpreter = (function () {\n${expression}\n})();`,
    charts,
  ].join("\n");
}

function withoutMap(script: string): string {
  return script.replace(/\/\/# sourceMappingURL=.*\s*$/, "");
}
