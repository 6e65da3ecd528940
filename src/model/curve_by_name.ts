import type { ModelName } from "../schema/mod.ts";
import { amdahl } from "./amdahl.ts";
import { brokenStick } from "./broken_stick.ts";
import type { Curve } from "./curve.ts";
import { exponentialSaturation } from "./exponential_saturation.ts";
import { knee } from "./knee.ts";
import { linear } from "./linear.ts";
import { power } from "./power.ts";
import { quadratic } from "./quadratic.ts";
import { usl } from "./usl.ts";

const CURVES: readonly Curve[] = [
  linear,
  power,
  brokenStick,
  quadratic,
  amdahl,
  usl,
  exponentialSaturation,
  knee,
];

/**
 * The curve that a fit names.
 *
 * @param name For example `"usl"`.
 * @returns Its formula, value, gradient, bounds and start.
 * @throws {RangeError} If there is no such curve.
 *
 * @example The formula of a model
 * ```ts
 * import { curveByName } from "plimsoll";
 * import assert from "node:assert/strict";
 *
 * assert.equal(curveByName("linear").formula, "intercept + slope·N");
 * ```
 */
export function curveByName(name: ModelName): Curve {
  const found = CURVES.find((curve) => curve.name === name);
  if (!found) {
    throw new RangeError(
      `Cannot read a curve as its name must be one of ${
        CURVES.map((curve) => curve.name).join(", ")
      }: current value is ${name}`,
    );
  }
  return found;
}
