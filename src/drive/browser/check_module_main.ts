import { pathToFileURL } from "node:url";

// Entry point of the process in which a scenario module is tried: ends with code 0 if it is one.
if (import.meta.main) {
  try {
    const module = await import(pathToFileURL(Deno.args[0]).href);
    if (typeof module.default !== "function") throw new TypeError("it has no such default export");
    Deno.exit(0);
  } catch (error) {
    console.error((error as Error).message ?? String(error));
    Deno.exit(1);
  }
}
