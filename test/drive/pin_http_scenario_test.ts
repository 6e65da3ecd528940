/** The files that a plan of `http` mode names are those that its sweep began with. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { pinHttpScenario } from "../../src/drive/http/pin_http_scenario.ts";
import { makePlan } from "../../src/plan/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { selfSigned } from "./http1/self_signed.ts";

const [mine, other] = await Promise.all([selfSigned(), selfSigned()]);
const files: ["users" | "ca", string, string][] = [
  ["users", "card\n1\n", "card\n2\n"],
  ["ca", mine.cert, other.cert],
];
for (const [field, text, changed] of files) {
  Deno.test(`pinHttpScenario() writes the hash of ${field}, and refuses a file that has another`, async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, field);
    await Deno.writeTextFile(path, text);
    const given = makePlan({ url: "https://127.0.0.1:1/", http_scenario: { [field]: path } });
    const { plan } = await pinHttpScenario(given, () => undefined);
    const sha256 = createHash("sha256").update(text).digest("hex");
    assert.deepEqual(plan.http_scenario, { [field]: path, [`${field}_sha256`]: sha256 });
    assert.deepEqual((await pinHttpScenario(plan, () => undefined)).plan, plan);
    await Deno.writeTextFile(path, changed);
    await assert.rejects(pinHttpScenario(plan, () => undefined), {
      name: "InputError",
      field: `http_scenario.${field}`,
    });
  });
}
