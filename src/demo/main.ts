/** The Streamer's entry: `deno run -A src/demo/main.ts --help`. */
import { serveStreamer } from "./serve_streamer.ts";
import { HELP, parseSettings } from "./settings.ts";

if (import.meta.main) {
  try {
    const parsed = parseSettings(Deno.args);
    if (parsed.kind === "help") {
      console.log(HELP);
      Deno.exit(0);
    }
    const { settings } = parsed;
    const running = listen(settings);
    for (const signal of Deno.build.os === "windows" ? ["SIGINT"] as const : ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => running.close().then(() => Deno.exit(0)));
    }
    console.log(JSON.stringify({ url: running.url, port: running.port, pid: Deno.pid }));
  } catch (error) {
    console.error(
      `${error instanceof Error ? error.message : error}\nFor all flags: deno run -A src/demo/main.ts --help`,
    );
    Deno.exit(2);
  }
}

function listen(settings: Parameters<typeof serveStreamer>[0]): ReturnType<typeof serveStreamer> {
  try {
    return serveStreamer(settings);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new RangeError(
      `Cannot use --port as TCP port: it must be free, or 0 for any that is: current value is ${settings.port} (${error.message})`,
    );
  }
}
