/** A number for a sentence: `19.8`, `0.208`, `1,230`. */
export function threeDigits(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}
