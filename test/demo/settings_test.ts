import assert from "node:assert/strict";
import { DEFAULT_SETTINGS, parseSettings } from "../../src/demo/settings.ts";

Deno.test("parseSettings() fills in what is not given", () => {
  assert.deepEqual(parseSettings([]), { kind: "settings", settings: DEFAULT_SETTINGS });
});

Deno.test("parseSettings() takes every flag", () => {
  const args =
    "--port 8080 --cpu-ms 0.25 --lock-ms 5 --memory-mb=4 --no-broadcast --fps 5 --frame-bytes 100 --silence-ms 500";
  assert.deepEqual(parseSettings(args.split(" ")), {
    kind: "settings",
    settings: {
      port: 8080,
      cpu_ms: 0.25,
      lock_ms: 5,
      memory_mb: 4,
      broadcast: false,
      fps: 5,
      frame_bytes: 100,
      silence_ms: 500,
    },
  });
});

for (
  const { args, says, why } of [
    { args: "--port 65536", says: /--port.*0 to 65535.*"65536"/, why: "no such port" },
    { args: "--port 80.5", says: /--port.*whole number.*"80.5"/, why: "half a port" },
    { args: "--cpu-ms -5", says: /--cpu-ms.*0 to 10000.*"-5"/, why: "time cannot be given back" },
    { args: "--cpu-ms=", says: /--cpu-ms.*""/, why: "nothing is not zero" },
    { args: "--memory-mb lots", says: /--memory-mb.*"lots"/, why: "not a number" },
    { args: "--fps 0", says: /--fps.*0\.1 to 60.*"0"/, why: "a still is not a stream" },
    { args: "--frame-bytes NaN", says: /--frame-bytes.*"NaN"/, why: "NaN is outside of every range" },
    { args: "--speed 3", says: /--speed/, why: "no such flag" },
    { args: "--cpu-ms --fps 3", says: /--cpu-ms/, why: "the value is missing" },
  ]
) {
  Deno.test(`parseSettings() refuses ${args}: ${why}`, () => {
    assert.throws(() => parseSettings(args.split(" ")), says);
  });
}
