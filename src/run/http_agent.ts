/** Entry point of the agent that drives HTTP sessions. It needs the target's address and its own folder, nothing else. */
import { HttpDriver } from "../drive/http_driver.ts";
import { runAgent } from "./agent.ts";

if (import.meta.main) {
  // What a scenario module prints must not go where the agent talks to its coordinator.
  for (const method of ["log", "info", "debug"] as const) console[method] = console.error;
  runAgent((job, sink, onStart) => new HttpDriver(job, sink, onStart));
}
