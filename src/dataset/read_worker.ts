/// <reference lib="deno.worker" />
import { type ReadJob, takeTasks } from "./read_in_threads.ts";

self.onmessage = async ({ data }: MessageEvent<ReadJob>) => self.postMessage(await takeTasks(data));
