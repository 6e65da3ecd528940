/** What stands in `deploy/` is what Kubernetes, systemd, Redis and Plimsoll itself take. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { parseAllDocuments } from "yaml";
import { HUB_FLAGS } from "../../src/cli/hub_flags.ts";
import { makePlan, type PlanInput } from "../../src/plan/mod.ts";
import { accessOf, startWorker } from "../cluster/start_hub.ts";
import { freePort, startMarked, until } from "../faults/under_fault.ts";
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
  name: "the hub that the guide sets up lets its worker in, and nobody else",
  ignore: !hasProgram("redis-server") || !hasProgram("openssl"),
  fn: async () => {
    const user = read("hub", "users.acl").split("\n").find((line) => line.startsWith("user fleet"))!;
    assert.equal(user.replace(" +@all", " -@all +@all"), accessOf("fleet", "CHANGE-ME"));
    await using folder = await tempFolder();
    const [secrets, machine] = read("README.md").matchAll(/```sh\n(.*?)```/gs).map(([, block]) => block).toArray();
    const port = freePort();
    const here = (text: string) =>
      text.replaceAll("/etc/plimsoll-hub", join(folder.path, "hub")).replaceAll("/data", join(folder.path, "data"))
        .replace("tls-port 6380", `tls-port ${port}`);
    const run = async (script: string) => {
      const { success, stderr } = await new Deno.Command("bash", {
        args: ["-ec", script],
        cwd: join(DEPLOY, ".."),
        env: { HOME: folder.path },
        stderr: "piped",
        stdout: "null",
      }).output();
      assert(success, new TextDecoder().decode(stderr));
    };
    const asked = secrets.replace("HUB=hub.example", "HUB=localhost");
    const install = here(machine).replaceAll(/sudo | -o redis/g, "").split("\n").filter((line) =>
      !line.includes("redis-server")
    );
    await run([asked, ...install].join("\n"));
    const config = join(folder.path, "hub", "redis.conf");
    await Deno.writeTextFile(join(folder.path, "own.conf"), here(await Deno.readTextFile(config)));
    const redis = startMarked(["redis-server", join(folder.path, "own.conf")]);
    try {
      const kept = (name: string) => join(folder.path, "plimsoll-fleet", name);
      await until(() => canConnect(port));
      const flags = (password: string) => [
        ...["--hub", `rediss://localhost:${port}`, "--hub-user", "fleet", "--hub-password-file", kept(password)],
        ...["--hub-ca", kept("ca.crt"), "--hub-cert", kept("worker.crt"), "--hub-key", kept("worker.key")],
      ];
      const worker = await startWorker({ flags: flags("password"), env: {}, folder: join(folder.path, "hub") }, "w1", {
        capacity: 10,
      });
      worker.kill("SIGTERM");
      assert.equal((await worker.ended()).code, 0, worker.said());
      await Deno.writeTextFile(kept("other"), "CHANGE-ME");
      const refused = await runPlimsoll(["worker", "--capacity", "10", ...flags("other")]);
      assert.equal(refused.code, 2, refused.stderr);
      assert.match(refused.stderr, /password/);
    } finally {
      redis.kill();
      await redis.output();
    }
  },
});

function canConnect(port: number): boolean {
  return new Deno.Command("bash", { args: ["-c", `</dev/tcp/127.0.0.1/${port}`], stderr: "null" }).outputSync().success;
}
