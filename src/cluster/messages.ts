import { createHmac, timingSafeEqual } from "node:crypto";
import type { Group, Plan } from "../schema/plan.ts";
import type { FileSeal, ShareProvenance, ShareSeal } from "../schema/run.ts";

/** How a fleet holds together. */
export const BEAT = {
  /** Workers and coordinator say that they are there this often [ms]. */
  every_ms: 500,
  /** Whoever has said nothing for so long is lost [ms]: longer than it takes a worker to stop by itself. */
  lost_ms: 4000,
  /** The dead-man's switch: a worker that has not reached the hub for so long stops its load [ms]. */
  silence_ms: 2500,
};

/** What a share has left at the hub is gone after that long [ms], whoever was to take it. */
export const LEFT_MS = 600_000;

/** What the hub knows of a worker while it is there. */
export interface WorkerCard extends Omit<ShareProvenance, "k" | "of" | "sampled_target"> {
  worker: string;
  /** Of its process: whoever comes after it under its name is another. */
  instance: string;
  capacity: number;
  /** Where it gives out artifacts, and to whom. */
  artifacts?: { url: string; token: string };
}

/** The queue of a worker's jobs: one that was thought dead finds its own empty, whoever has its name now. */
export function queueOf({ worker, instance }: Pick<WorkerCard, "worker" | "instance">): string {
  return `${worker}.${instance}`;
}

/** What a worker is told to drive: the data of a job. */
export interface ShareJob {
  /** Whose job it is: the coordinator's lease. */
  lease: string;
  /** Of what is sent back, so that nobody else can send it. */
  secret: string;
  run: string;
  plan: Plan;
  level: number;
  replicate: number;
  attempt: number;
  /** Number of the share, and how many there are in this attempt. */
  share: number;
  index: number;
  /** Of all that drive the attempt: each computes its sessions alone. */
  capacities: number[];
  /** Of these groups it records resources: of a machine that others are on, not all of it twice. */
  groups: Group[];
}

/** What a worker is asked before a sweep uses it: whether it can drive this plan. */
export interface PlanJob extends Pick<ShareJob, "lease" | "run" | "plan"> {
  /** Whether the target is started for each attempt: then it is not there yet. */
  isLater: boolean;
}

/** What it says. */
export interface PlanAnswer {
  /** Why it cannot, in words for its user. */
  refused?: string;
}

/** What a job comes to. */
export interface ShareResult {
  files: Record<string, FileSeal>;
  share: ShareSeal;
}

/** One line of `artifacts.jsonl`: a file that stayed on the worker. */
export interface ArtifactLine {
  seq: number;
  worker: string;
  /** The folder of the run there. */
  run: string;
  /** Within the run. */
  path: string;
  bytes: number;
  /** Hash of the whole file, hexadecimal. */
  sha256: string;
}

/** What the path of an artifact may be: nothing that leads elsewhere. */
export const ARTIFACT_PATH = /^artifacts\/levels\/\d+\/r\d+\/a\d+\/(?!\.)[\w.-]+$/;

/** What a coordinator says to the worker of a share. */
export type Down =
  /** The attempt's zero, by the hub's time [ms since 1970]. */
  | { type: "start"; at_ms: number }
  | { type: "stop" }
  /** The attempt is void. */
  | { type: "abandon" };

/** What a worker says of a share; rows of a file from `offset` on come with a `batch`. */
export type Up =
  | { type: "ready"; browser?: ShareProvenance["browser"] }
  | ({ type: "stats" } & Record<string, unknown>)
  | { type: "batch"; seq: number; file: string; offset: number };

/** A message as it lies on the stream: its head, data, and a code that only who knows the job's secret can make. */
export interface Entry {
  head: string;
  data: Uint8Array;
  code: string;
}

const NONE = new Uint8Array();

/** Makes the entry of a message. */
export function seal(secret: string, message: Up, data: Uint8Array = NONE): Entry {
  const head = JSON.stringify(message);
  return { head, data, code: codeOf(secret, head, data) };
}

/**
 * Whether a message is of somebody who knows the secret, as it was sent.
 *
 * @example
 * ```ts
 * import { isGenuine, seal } from "./messages.ts";
 * import assert from "node:assert/strict";
 *
 * const entry = seal("secret", { type: "ready" });
 * assert(isGenuine("secret", entry) && !isGenuine("another", entry));
 * ```
 */
export function isGenuine(secret: string, { head, data, code }: Entry): boolean {
  const right = Buffer.from(codeOf(secret, head, data));
  const given = Buffer.from(code);
  return given.length === right.length && timingSafeEqual(given, right);
}

function codeOf(secret: string, head: string, data: Uint8Array): string {
  return createHmac("sha256", secret).update(`${head.length}:`).update(head).update(data).digest("hex");
}

/** Keys of the hub. */
export const keys = {
  lease: (prefix: string) => `${prefix}:lease`,
  /** Names of the workers' queues. */
  workers: (prefix: string) => `${prefix}:workers`,
  worker: (prefix: string, worker: string) => `${prefix}:worker:${worker}`,
  up: (prefix: string, job: string) => `${prefix}:up:${job}`,
  down: (prefix: string, job: string) => `${prefix}:down:${job}`,
  bull: (prefix: string) => `${prefix}:bull`,
};
