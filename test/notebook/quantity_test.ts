import assert from "node:assert/strict";
import { digits, quantity, quantityRange } from "../../src/notebook/quantity.ts";

Deno.test("quantity() puts the unit that the metric's name says", () => {
  const table: [string, number, string][] = [
    ["target_cores", 4.1234, "4.12 cores"],
    ["cores", 12, "12 cores"],
    ["serving_memory_bytes", 1.5 * 2 ** 30, "1.5 GiB"],
    ["memory_bytes", 0, "0 B"],
    ["memory_bytes", 1023, "1,020 B"],
    ["network_bytes_per_s", 2048, "2 KiB/s"],
    ["artifact_bytes_per_hour", 3 * 2 ** 20, "3 MiB/h"],
    ["bytes_per_snapshot", 51_200, "50 KiB/snapshot"],
    ["throughput", 132.4, "132 iterations/s"],
    ["latency_ms_p95", 8.5, "8.5 ms"],
    ["error_ratio", 0.0123, "1.23 %"],
    ["disk_bytes", 5 * 2 ** 50, "5,120 TiB"],
  ];
  for (const [metric, value, text] of table) assert.equal(quantity(metric, value), text, metric);
});

Deno.test("quantityRange() uses one unit for both ends", () => {
  assert.equal(quantityRange("memory_bytes", [512 * 2 ** 20, 2 * 2 ** 30]), "0.5–2 GiB");
  assert.equal(quantityRange("error_ratio", [0.01, 0.02]), "1–2 %");
});

Deno.test("digits() stays readable at the edges", () => {
  assert.equal(digits(0.00001234), "1.23e−5");
  assert.equal(digits(-2.5), "−2.5");
  assert.equal(digits(Infinity), "∞");
  assert.equal(digits(NaN), "unknown");
});
