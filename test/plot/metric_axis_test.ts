import assert from "node:assert/strict";
import { metricAxis } from "../../src/plot/mod.ts";

const rows: [sentence: string, metric: string, top: number, title: string, divisor: number][] = [
  ["memory in binary units", "serving_memory_bytes", 3 * 2 ** 30, "Serving memory [GiB]", 2 ** 30],
  ["a little memory in MiB", "target_memory_bytes", 900 * 2 ** 20, "Target memory [MiB]", 2 ** 20],
  ["network in decimal bits", "network_bytes_per_s", 2e6, "Network [Mbit/s]", 125_000],
  ["disk growth by the hour", "artifact_bytes_per_hour", 5e9, "Disk for artifacts [GiB/h]", 2 ** 30],
  ["cores as cores", "browser_cores", 0.01, "Browser CPU [cores]", 1],
  ["a ratio in percent", "error_ratio", 0.2, "Errors [%]", 0.01],
  ["latency in ms", "latency_ms_p95", 1200, "Latency p95 [ms]", 1],
  ["throughput in iterations", "throughput", 12, "Throughput [iterations/s]", 1],
  ["a metric of unknown unit as it is", "queue_length", 12, "Queue length", 1],
  ["values of zero in the smallest unit", "target_memory_bytes", 0, "Target memory [B]", 1],
];

for (const [sentence, metric, top, title, divisor] of rows) {
  Deno.test(`metricAxis() shows ${sentence}`, () => {
    const axis = metricAxis(metric, [0, top]);
    assert.equal(axis.title, title);
    assert.equal(axis.divisor, divisor);
  });
}
