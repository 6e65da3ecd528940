/** Entry point of the agent that drives browser sessions. */
import { PlaywrightDriver } from "../drive/playwright_driver.ts";
import { runAgent } from "./agent.ts";

if (import.meta.main) runAgent((job, sink, onStart) => new PlaywrightDriver(job, sink, onStart));
