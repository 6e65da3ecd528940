/**
 * Waits for something, but not for ever.
 *
 * @param limit_ms The longest that it may take.
 * @param work What is waited for; it goes on after its time.
 * @param complaint What is said then.
 * @throws {Error} If it takes longer.
 *
 * @example Work that is done in time
 * ```ts
 * import { within } from "./within.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(await within(1000, Promise.resolve(1), "it took too long"), 1);
 * ```
 */
export async function within<T>(limit_ms: number, work: Promise<T>, complaint: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), limit_ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
