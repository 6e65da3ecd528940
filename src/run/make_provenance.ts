import { createHash } from "node:crypto";
import { cpus, release, totalmem, type } from "node:os";
import { fileURLToPath } from "node:url";
import { cgroupLimits } from "../sample/cgroup_limits.ts";
import type { Plan } from "../schema/plan.ts";
import type { Provenance, Resumer } from "../schema/run.ts";
import { machineKey } from "./machine_key.ts";
import config from "../../deno.json" with { type: "json" };

/** What of a {@linkcode Provenance} may differ when somebody goes on with a run. */
export function makeResumer(plan: Plan): Resumer {
  const { plimsoll_version, deno_version, git_revision, kernel, cpu_model, vcpus } = makeProvenance(plan, {
    addresses: [],
  });
  return { plimsoll_version, deno_version, git_revision, kernel, cpu_model, vcpus };
}

/** What only the sweep knows. */
export interface SweepFacts {
  addresses: string[];
  consent?: string;
  target_limits?: Provenance["target_limits"];
  browser?: Provenance["browser"];
  share?: Provenance["share"];
  /** Of these the names are kept. */
  secrets?: { environment?: Record<string, string> };
}

/** Collects what a reader needs to judge, or repeat, the run. */
export function makeProvenance(plan: Plan, facts: SweepFacts): Provenance {
  const linux = Deno.build.os === "linux";
  const url = new URL(plan.url);
  const siblings = tryRead("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
  return {
    plimsoll_version: config.version,
    deno_version: Deno.version.deno,
    lockfile_sha256: hashOf(tryRead(fileURLToPath(new URL("../../deno.lock", import.meta.url))) ?? ""),
    git_revision: gitRevision(),
    started_at: new Date().toISOString(),
    os: type(),
    kernel: release(),
    cpu_model: cpus()[0]?.model ?? "unknown",
    ...machineKey(),
    vcpus: cpus().length,
    threads_per_core: siblings ? siblings.split(/[,-]/).length : 1,
    governor: tryRead("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") ?? "unknown",
    memory_bytes: totalmem(),
    cgroup_limits: linux ? cgroupLimits() : {},
    ...(facts.target_limits ? { target_limits: facts.target_limits } : {}),
    time_source: tryRead("/sys/devices/system/clocksource/clocksource0/current_clocksource") ?? "unknown",
    sampler: linux ? "linux" : "portable",
    ...(facts.browser ? { browser: facts.browser } : {}),
    target: `${url.protocol}//${url.host}${url.pathname}`,
    resolved_addresses: facts.addresses,
    ...(facts.consent ? { consent: facts.consent } : {}),
    seed: plan.seed,
    plan_sha256: planHash(plan),
    ...(facts.share ? { share: facts.share } : {}),
    environment: [
      ...["PLIMSOLL_BROWSER"].filter((name) => Deno.env.get(name) !== undefined),
      ...Object.keys(facts.secrets?.environment ?? {}),
    ],
  };
}

/**
 * Hash of a plan, to see whether two runs did the same.
 *
 * @param plan as made, or as parsed from `plan.json`: the order of its fields counts.
 */
export function planHash(plan: unknown): string {
  return hashOf(JSON.stringify(plan));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function gitRevision(): string {
  try {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const { success, stdout } = new Deno.Command("git", { args: ["-C", root, "rev-parse", "HEAD"], stderr: "null" })
      .outputSync();
    return success ? new TextDecoder().decode(stdout).trim() : "unknown";
  } catch {
    return "unknown";
  }
}

function tryRead(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined;
  }
}
