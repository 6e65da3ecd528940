import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflate } from "@sparticuz/chromium";

// Entry point of the process that `carriedBrowser` starts, with TMPDIR set to where things should go.
if (import.meta.main) {
  const bin = fileURLToPath(new URL("../bin/", import.meta.resolve("@sparticuz/chromium")));
  const archives = ["chromium.br", "swiftshader.tar.br", "al2023.tar.br", "fonts.tar.br"];
  await Promise.all(archives.map((name) => inflate(join(bin, name))));
}
