/** Entry point of the agent that runs the user's own load generator. */
import { join } from "node:path";
import { CommandDriver } from "../drive/command_driver.ts";
import { runAgent } from "./agent.ts";

if (import.meta.main) runAgent((job, sink) => new CommandDriver(job, sink, join(job.artifacts, "command.log")));
