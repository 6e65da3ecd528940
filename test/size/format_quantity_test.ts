import assert from "node:assert/strict";
import { formatQuantity } from "../../src/size/mod.ts";

const CASES: [number, string, string][] = [
  [1, "target_cores", "1 core"],
  [0.0123456, "serving_cores", "0.0123 cores"],
  [12, "cores", "12 cores"],
  [0, "memory_bytes", "0 B"],
  [1023, "memory_bytes", "0.999 KiB"],
  [3.1 * 2 ** 30, "serving_memory_bytes", "3.1 GiB"],
  [1023.9 * 2 ** 20, "disk_bytes", "1 GiB"],
  [4.356 * 2 ** 40, "disk_bytes", "4.36 TiB"],
  [1.5e6, "network_bytes_per_s", "12 Mbit/s"],
  [125, "network_bytes_per_s", "1 kbit/s"],
  [2 ** 20 * 5, "artifact_bytes_per_hour", "5 MiB/h"],
  [2 ** 10 * 29.3, "bytes_per_snapshot", "29.3 KiB"],
  [12.345, "throughput", "12.3 iterations/s"],
  [250.4, "latency_ms_p95", "250 ms"],
  [2500, "latency_ms_p95", "2.5 s"],
  [0.0123, "error_ratio", "1.23 %"],
  [1, "sessions", "1 session"],
  [1234, "sessions", "1234 sessions"],
  [42, "something else", "42"],
];

for (const [value, metric, expected] of CASES) {
  Deno.test(`formatQuantity(${value}, "${metric}") is ${expected}`, () => {
    assert.equal(formatQuantity(value, metric), expected);
  });
}
