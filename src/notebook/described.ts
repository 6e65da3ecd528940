/**
 * What a value is, for the message of an error: kernels check no types, so that anything may come.
 *
 * @param value Anything.
 * @returns For example `a promise: write await before it`, or `an object with run, levels`.
 */
export function described(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (value instanceof Promise) return "a promise: write await before it";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "function") return `the function ${value.name}: call it`;
  if (typeof value !== "object") return `${typeof value} ${JSON.stringify(String(value).slice(0, 60))}`;
  const names = Object.keys(value);
  return `an object with ${names.slice(0, 6).join(", ") || "nothing"}${names.length > 6 ? ", …" : ""}`;
}
