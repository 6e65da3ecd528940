/** What is measured of Streamers with known costs, beside what they know of themselves. */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type Compared,
  compareWithTruth,
  PACE_S,
  relativeError,
  TRUTH_SETTINGS,
  type TruthMetric,
} from "../bench/truth.ts";
import { tempFolder } from "../temp_folder.ts";

/** The kernel brings the counter of a running thread up to date at each of its ticks: 4 ms, on some machines 10. */
const TICK_MS = 4;

/** What a request costs beside its setting, which is less where more come at once, may differ by between two settings [ms]. */
const BESIDE_MS = 0.4;

/** What the Streamer's own heap, which is collected now and then, may differ by between two levels [MB]. */
const HEAP_MB = 6;

type Setting = keyof typeof TRUTH_SETTINGS;

/** Half of the settings at once, as neighbours of each other: what else runs on a machine must not matter. */
const TOGETHER: Setting[][] = [["base", "dear", "large", "lock"], ["cheap", "dearest", "largest", "broadcast"]];

Deno.test({
  name: "CPU, memory and requests over the window are what the target itself says, in every setting and between two",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using folder = await tempFolder();
    const grid = {} as Record<Setting, Compared[]>;
    for (const names of TOGETHER) {
      const compared = names.map((name) => compareWithTruth(TRUTH_SETTINGS[name], join(folder.path, name)));
      for (const [index, levels] of (await Promise.all(compared)).entries()) grid[names[index]] = levels;
    }
    const all = Object.values(grid).flat();
    assert.equal(Object.keys(grid).length, Object.keys(TRUTH_SETTINGS).length);

    // What neighbours keep from being driven as planned is none of these settings, and is flagged; its CPU time is right all the same.
    const driven = (one: Compared) => one.level.metrics.throughput >= 0.8 * one.level.level / PACE_S;
    const wereDriven = (...names: Setting[]) => names.every((name) => grid[name].every(driven));
    for (const one of all) {
      const what = `${one.setting}, ${one.level.level} sessions`;
      const within = (metric: TruthMetric, part: number) =>
        assert(
          Math.abs(relativeError(one, metric)) <= part,
          `${what}: ${metric} ${one.measured[metric]}, truth ${one.truth[metric]}`,
        );
      // Where neighbours leave so little to a target that a tick is more than 3 % of it, the tick counts.
      const used_ms = one.truth.target_cores * one.level.window_s * 1000;
      within("target_cores", Math.max(0.03, 2 * TICK_MS / used_ms));
      assert(!one.level.flags.some(({ name }) => name === "target_saturated"), JSON.stringify(one.level.flags));
      if (!driven(one)) {
        assert(one.level.flags.some(({ name }) => /^(machine|generator)_limited$/.test(name)), `${what} came late`);
        continue;
      }
      within("target_memory_bytes", 0.1);
      // Requests under way at the window's ends are counted at their end here, at their start there.
      const apart = Math.abs(one.measured.requests_per_s - one.truth.requests_per_s) * one.level.window_s;
      assert(apart <= 2 * one.level.level, `${what}: ${apart} requests apart`);
    }

    /** CPU time of a request [ms], from the higher level. */
    const cost = (of: "measured" | "truth", name: Setting) =>
      1000 * grid[name][1][of].target_cores / grid[name][1][of].requests_per_s;
    for (const [name, more_ms] of [["cheap", -1.5], ["dear", 4], ["dearest", 18]] as const) {
      if (!wereDriven("base", name)) continue;
      const apart = cost("measured", name) - cost("measured", "base");
      const room_ms = 0.1 * Math.abs(more_ms) + BESIDE_MS;
      assert(Math.abs(apart - more_ms) <= room_ms, `${name}: ${apart} ms a request more than base, not ${more_ms}`);
      const truth = cost("truth", name) - cost("truth", "base");
      assert(Math.abs(apart / truth - 1) <= 0.1, `${name}: ${apart} ms a request more than base, truth ${truth}`);
    }

    /** Memory of a session [MB]. */
    const slope = (of: "measured" | "truth", name: Setting) => {
      const [low, high] = grid[name];
      return (high[of].target_memory_bytes - low[of].target_memory_bytes) / (high.level.level - low.level.level) / 1e6;
    };
    for (const [name, memory_mb] of [["cheap", 1], ["large", 10], ["largest", 50]] as const) {
      if (!wereDriven(name)) continue;
      const [measured, truth] = [slope("measured", name), slope("truth", name)];
      const [low, high] = TRUTH_SETTINGS[name].levels;
      const room = 0.1 * memory_mb + HEAP_MB / (high - low);
      assert(Math.abs(measured - memory_mb) <= room, `${name}: ${measured} MB a session, not ${memory_mb}`);
      assert(Math.abs(measured / truth - 1) <= 0.1, `${name}: ${measured} MB a session, truth ${truth}`);
    }

    if (!wereDriven("base", "lock", "broadcast")) return;
    // A lock costs waiting, not CPU time; a broadcast costs bytes.
    assert(Math.abs(cost("measured", "lock") - cost("measured", "base")) <= 0.3 * cost("measured", "base"));
    const latency = (name: Setting) => grid[name][0].level.metrics.latency_ms_p50;
    assert(latency("lock") >= latency("base") + 4, `${latency("lock")} ms with a lock, ${latency("base")} without`);
    const bytes = (name: Setting) =>
      grid[name][1].level.metrics.network_bytes_per_s / grid[name][1].level.metrics.throughput;
    assert(bytes("broadcast") > bytes("base") + 1000, `${bytes("broadcast")} and ${bytes("base")} bytes an iteration`);
  },
});
