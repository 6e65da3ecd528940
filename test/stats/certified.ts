/** Names of the data sets in a folder of `test/certified/`. */
export function certifiedNames(folder: string): string[] {
  return [...Deno.readDirSync(new URL(`../certified/${folder}/`, import.meta.url))]
    .map(({ name }) => name.replace(/\.json$/, ""))
    .sort();
}

/** One file of `test/certified/`. */
export function certified<Content>(name: string): Content {
  return JSON.parse(Deno.readTextFileSync(new URL(`../certified/${name}.json`, import.meta.url)));
}

/** Significant digits that two numbers share: the log relative error. */
export function matchingDigits(value: number, reference: number): number {
  if (value === reference) return 16;
  return -Math.log10(Math.abs(value - reference) / (Math.abs(reference) || 1));
}
