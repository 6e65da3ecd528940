/// <reference lib="deno.worker" />
import { type PartsJob, takeParts } from "./read_parts.ts";

self.onmessage = ({ data }: MessageEvent<PartsJob>) => self.postMessage(takeParts(data));
