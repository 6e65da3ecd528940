/** What stands in `deploy/` is what Kubernetes, systemd, Redis and Plimsoll itself take. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { parseAllDocuments } from "yaml";
import { HUB_FLAGS } from "../../src/cli/hub_flags.ts";
import { makePlan, type PlanInput } from "../../src/plan/mod.ts";
import { accessOf } from "../cluster/start_hub.ts";
import { runPlimsoll } from "../cli/run_plimsoll.ts";
import { hasProgram } from "../has_program.ts";
import { tempFolder } from "../temp_folder.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy", import.meta.url));
const read = (...path: string[]) => readFileSync(join(DEPLOY, ...path), "utf8");

interface Manifest {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  spec: {
    template: {
      spec: { containers: { args: string[]; volumeMounts: { name: string }[] }[]; volumes: { name: string }[] };
    };
  };
}

const manifests = readdirSync(join(DEPLOY, "kubernetes")).flatMap((file) =>
  parseAllDocuments(read("kubernetes", file)).map((document): [string, Manifest] => {
    assert.deepEqual(document.errors, [], file);
    return [file, document.toJSON()];
  })
);

Deno.test("Kubernetes manifests are valid by the schemas of its API, which refuse what they do not know", () => {
  const { kinds, definitions } = JSON.parse(
    readFileSync(new URL("../certified/kubernetes/v1.34.json", import.meta.url), "utf8"),
  );
  const ajv = new Ajv({ strict: false, logger: false });
  assert.deepEqual(manifests.map(([, { kind }]) => kind).sort(), [
    ...["ConfigMap", "Deployment", "Job", "NetworkPolicy", "PersistentVolumeClaim", "Service", "StatefulSet"],
  ]);
  for (const [file, manifest] of manifests) {
    const validate = ajv.compile({ ...kinds[manifest.kind], definitions });
    assert(validate(manifest), `${file}, ${manifest.kind}: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
    // A schema that takes anything would say nothing.
    const wrong = structuredClone(manifest) as unknown as { metadata: Record<string, unknown> };
    wrong.metadata.nmae = "x";
    assert(!validate(wrong), `${manifest.kind} with a field that there is not`);
  }
});

Deno.test("what the manifests mount is there, and a plan in them is one", () => {
  for (const [, { kind, spec, data }] of manifests) {
    if (data?.["plan.json"]) makePlan(JSON.parse(data["plan.json"]) as PlanInput);
    if (!["Deployment", "Job"].includes(kind)) continue;
    const { containers: [{ volumeMounts }], volumes } = spec.template.spec;
    assert.deepEqual(volumeMounts.map(({ name }) => name).sort(), volumes.map(({ name }) => name).sort());
  }
});

Deno.test("every flag in manifests and unit is one that the command has", async () => {
  const { stdout: help } = await runPlimsoll(["worker", "--help"]);
  const sweepHelp = (await runPlimsoll(["sweep", "--help"])).stdout + help;
  const flagsIn = (text: string) => new Set(text.match(/(?<=[\s=\[])--[a-z][a-z-]*/g) ?? []);
  const own = new Set(["--cached-only", "--frozen", "--config"]);
  const texts: [string, string, string][] = [
    ["plimsoll-worker.service", read("plimsoll-worker.service"), help],
    ["workers.yaml", read("kubernetes", "workers.yaml"), help],
    ["sweep.yaml", read("kubernetes", "sweep.yaml"), sweepHelp],
  ];
  for (const [name, text, known] of texts) {
    const used = [...flagsIn(text)].filter((flag) => !own.has(flag));
    assert(used.length >= Object.keys(HUB_FLAGS).length - 1, `${name} has ${used}`);
    for (const flag of used) assert(known.includes(flag), `${name}: ${flag}`);
  }
});

Deno.test({
  name: "the systemd unit is one",
  ignore: !hasProgram("systemd-analyze"),
  fn: async () => {
    await using folder = await tempFolder();
    const unit = join(folder.path, "plimsoll-worker.service");
    await Deno.writeTextFile(unit, read("plimsoll-worker.service").replaceAll("/usr/local/bin/deno", Deno.execPath()));
    const verify = async () => {
      const { code, stderr } = await new Deno.Command("systemd-analyze", { args: ["verify", unit], stdout: "null" })
        .output();
      return { code, said: new TextDecoder().decode(stderr).split("\n").filter((line) => line.includes("plimsoll")) };
    };
    assert.deepEqual(await verify(), { code: 0, said: [] });
    await Deno.writeTextFile(unit, (await Deno.readTextFile(unit)).replace("DynamicUser=", "DynamicUsr="));
    assert.equal((await verify()).said.length, 1);
  },
});

Deno.test({
  name: "Redis takes the hub's configuration, and its user is the one that was tried",
  ignore: !hasProgram("redis-server"),
  fn: async () => {
    const user = read("hub", "users.acl").split("\n").find((line) => line.startsWith("user fleet"))!;
    assert.equal(user.replace(" +@all", " -@all +@all"), accessOf("fleet", "CHANGE-ME"));
    await using folder = await tempFolder();
    const config = join(folder.path, "redis.conf");
    // Without TLS and its files: that is tried where workers come in.
    const text = read("hub", "redis.conf").replace(/^tls-.*$/gm, "")
      .replace("/etc/plimsoll-hub/users/users.acl", join(DEPLOY, "hub", "users.acl")).replace("/data", folder.path);
    await Deno.writeTextFile(config, text);
    const socket = join(folder.path, "socket");
    const child = new Deno.Command("redis-server", {
      args: [config, "--unixsocket", socket],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    try {
      const { Redis } = await import("ioredis");
      for (let tries = 0; tries < 100 && !readdirSync(folder.path).includes("socket"); tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const redis = new Redis({
        path: socket,
        username: "fleet",
        password: "CHANGE-ME",
        protocol: 2,
        maxRetriesPerRequest: 0,
      });
      redis.on("error", () => {});
      try {
        const info = await redis.info();
        assert.match(info, /^aof_enabled:1/m);
        assert.match(info, /^maxmemory_policy:noeviction/m);
      } finally {
        redis.disconnect();
      }
    } finally {
      child.kill("SIGKILL");
      await child.output();
    }
  },
});
