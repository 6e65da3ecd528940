import { pathToFileURL } from "node:url";

// Entry point of the process in which a scenario module is tried: ends with code 0 if it is one. Arguments: its path, and the
// names of what it may export besides.
if (import.meta.main) {
  const [path, ...further] = Deno.args;
  try {
    const module = await import(pathToFileURL(path).href);
    if (typeof module.default !== "function") throw new TypeError("it has no such default export");
    const wrong = further.find((name) => module[name] !== undefined && typeof module[name] !== "function");
    if (wrong) throw new TypeError(`its ${wrong} is none`);
    Deno.exit(0);
  } catch (error) {
    console.error((error as Error).message ?? String(error));
    Deno.exit(1);
  }
}
