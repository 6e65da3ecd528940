import assert from "node:assert/strict";
import { defaultLevels, makePlan, type PlanInput } from "../../src/plan/mod.ts";
import { InputError, planSchema } from "../../src/schema/mod.ts";

const url = "http://127.0.0.1:8080/";

Deno.test("makePlan() completes a plan, and what it made is a plan again", () => {
  const plan = makePlan({ url, levels: [4, 1, 4] });
  assert.deepEqual(plan.levels, [1, 4]);
  assert.deepEqual(planSchema.parse(JSON.parse(JSON.stringify(plan))), plan);
  assert.deepEqual(makePlan(plan), plan);
  assert.deepEqual(makePlan({ url, mode: "playwright" }).size_groups, ["target", "browser"]);
});

Deno.test("makePlan() names the field, its value and what would be right", () => {
  const rows: [input: object, field: string, value: string, remedy: RegExp][] = [
    [{ levels: [0] }, "levels.0", "0", /at least 1/],
    [{ levels: [1.5] }, "levels.0", "1.5", /whole number/],
    [{ levels: [] }, "levels", "[]", /at least 1/],
    [{ replicates: 0 }, "replicates", "0", /at least 1/],
    [{ duration_ms: 10 }, "duration_ms", "10", /at least 1000/],
    [{ duration_ms: "30s" }, "duration_ms", "30s", /number/],
    [{ mode: "ftp" }, "mode", "ftp", /one of http, playwright/],
    [{ size_groups: ["system"] }, "size_groups.0", "system", /one of target, browser, generator/],
    [{ levles: [1] }, "levles", "an unknown field", /one of mode, url, levels/],
    [
      { requests: [{ name: "a", method: "GET", path: "http://elsewhere/" }] },
      "requests.0.path",
      "http://elsewhere/",
      /"\/"/,
    ],
    [{ requests: [{ name: "a", method: "GET" }] }, "requests.0", "name, method", /one of path, websocket, sse$/],
    [{ requests: ["a"] }, "requests.0", "a", /./],
    [{ requests: [{ name: "a", path: "/", method: "LIST" }] }, "requests.0.method", "LIST", /GET.*: it is a request$/],
    [
      { requests: [{ name: "a", websocket: "/", recieve: 1 }] },
      "requests.0.recieve",
      "an unknown field",
      /^one of websocket, send, name, headers, receive, .*: it is a step on a WebSocket$/,
    ],
    [
      { http_scenario: { setup: [{ name: "a", websocket: "chat" }] } },
      "http_scenario.setup.0.websocket",
      "chat",
      /"\/": it is a step on a WebSocket$/,
    ],
    [
      { requests: [{ name: "a", websocket: "/", send: 5 }] },
      "requests.0.send",
      "5",
      /^a text, or a list of texts: it is a step on a WebSocket$/,
    ],
    [
      { requests: [{ name: "a", sse: "/", hold_ms: 0 }] },
      "requests.0.hold_ms",
      "0",
      /at least 1: it is a step on server-sent events$/,
    ],
    [{ requests: [{ name: "a", sse: "/", send: "x" }] }, "requests.0.send", "an unknown field", /server-sent events$/],
    [{ requests: [{ name: "a", sse: "/" }, { name: "a", websocket: "/" }] }, "requests", "a", /a name of its own/],
    [{ target_pid: 1, target_port: 80 }, "target", "target_pid and target_port", /only one of/],
  ];
  for (const [input, field, value, remedy] of rows) {
    assert.throws(() => makePlan({ url, ...input } as PlanInput), (error) => {
      assert(error instanceof InputError);
      assert.deepEqual([error.field, error.value], [field, value]);
      assert.match(error.remedy, remedy);
      return true;
    }, field);
  }
});

Deno.test("defaultLevels() gives at least six levels over HTTP, and browsers that fit the machine", () => {
  for (const cores of [1, 2, 8, 64]) {
    const levels = defaultLevels("http", { cores, memory_bytes: 8e9 });
    assert(levels.length >= 6 && levels[0] === 1, `${levels}`);
  }
  const small = defaultLevels("playwright", { cores: 2, memory_bytes: 4e9 });
  const large = defaultLevels("playwright", { cores: 32, memory_bytes: 256e9 });
  assert(small.at(-1)! < large.at(-1)!);
  assert(small.at(-1)! * 150e6 < 4e9);
});
