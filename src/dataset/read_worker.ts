/// <reference lib="deno.worker" />
import { type ReadJob, takeTasks } from "./reading_threads.ts";

self.onmessage = async ({ data }: MessageEvent<ReadJob>) => self.postMessage(await takeTasks(data));
