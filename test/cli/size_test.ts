import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { comparisonSchema, shapeCatalogueSchema, sizingSchema } from "../../src/schema/mod.ts";
import { tempFolder } from "../temp_folder.ts";
import { runPlimsoll } from "./run_plimsoll.ts";

const BROWSER = fileURLToPath(new URL("../../data/sample/streamer_browser", import.meta.url));
const HTTP = fileURLToPath(new URL("../../data/sample/streamer_http", import.meta.url));

async function sizeJson(...args: string[]) {
  const { code, stdout, stderr } = await runPlimsoll(["size", ...args, "--json"]);
  assert.equal(code, 0, stderr);
  return sizingSchema.parse(JSON.parse(stdout));
}

Deno.test("plimsoll size takes every assumption from a file, which flags override, and echoes all of them", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "assumptions.json");
  const mine = { name: "mine", vcpus: 4, memory_gib: 8, price_per_hour: 0.1 };
  const written = {
    targets: [5, 50],
    peak: 1.2,
    safety: 1.4,
    utilisation: 0.6,
    memory_headroom: 0.3,
    baseline_os_bytes: 5e8,
    baseline_storage_bytes: 1e9,
    retention_days: 7,
    retention_count: 50,
    session_hours_per_day: 4,
    snapshots_per_session: 1000,
    replication: 2,
    free_space: 0.1,
    spare_workers: 2,
    topology: "shared",
    extrapolate: true,
    shapes: [mine],
    shape: "mine",
    slo: [{ metric: "latency_ms_p50", below: 60_000 }],
    screenshots: [{ format: "png", bytes_per_snapshot: 5e5, run: "elsewhere" }],
  };
  await Deno.writeTextFile(file, JSON.stringify(written));
  const { assumptions, screenshots } = await sizeJson(BROWSER, "--assumptions", file);
  assert.deepEqual(assumptions, written);
  assert(screenshots.some(({ format, run }) => format === "png" && run === "elsewhere"));

  const flags = await sizeJson(
    BROWSER,
    "--assumptions",
    file,
    "--target",
    "9",
    "--peak",
    "1",
    "--screenshot-every",
    "60s",
  );
  assert.deepEqual(flags.assumptions, { ...written, targets: [9], peak: 1, snapshots_per_session: 4 * 60 });
});

Deno.test("plimsoll size prints the answer first, then table, workers, disk, generators, sensitivity and every assumption", async () => {
  const { code, stdout } = await runPlimsoll([
    ...["size", BROWSER, "--target", "6,20,200", "--shapes", "aws,gcp"],
  ]);
  assert.equal(code, 0);
  const order = [
    /^6 sessions: /,
    /\nsessions +what +basis +textbook +estimate +95 % band +recommended\n/,
    / extrapolated to 4× /,
    /\nNote: Extrapolated to two to four times/,
    /\nWorkers, each at sessions that were measured:\n/,
    /\nShapes, the best first:\n/,
    /m7i\.large/,
    /more with --json/,
    /\nDisk by kind of artifact:\n/,
    /\nDisk to buy, if screenshots were taken otherwise/,
    /\nMachines to drive a sweep at the target:\n/,
    /\nOne assumption changed, all else kept:\n/,
    /\nAssumed:\n/,
  ];
  const places = order.map((part) => stdout.search(part));
  assert(
    places.every((place, index) => place >= 0 && (index === 0 || place > places[index - 1])),
    `${places}\n${stdout}`,
  );
});

Deno.test("plimsoll size reads the user's own shapes, with prices, and chooses one of a catalogue by its name alone", async () => {
  await using folder = await tempFolder();
  const file = join(folder.path, "shapes.json");
  const catalogue = {
    schema: "plimsoll.shapes/1",
    currency: "EUR",
    shapes: [{ name: "box", vcpus: 2, memory_gib: 4, price_per_hour: 0.05 }],
  };
  await Deno.writeTextFile(file, JSON.stringify(shapeCatalogueSchema.parse(catalogue)));
  const { shapes } = await sizeJson(HTTP, "--target", "1000", "--shapes", `${file},azure`);
  assert.equal(shapes[0].shape, "box");
  assert(shapes[0].state === "fits" && Math.abs(shapes[0].price_per_hour! - 0.05 * shapes[0].workers) < 1e-9);
  assert.equal(shapes.length, 16);

  const chosen = await sizeJson(HTTP, "--target", "1000", "--shape", "n2-standard-4");
  assert.deepEqual([chosen.fleet[0].shape, chosen.fleet[0].cores_per_worker], ["n2-standard-4", 4]);
});

Deno.test("plimsoll size compares the screenshots of another run of the same page", async () => {
  const { screenshots } = await sizeJson(BROWSER, "--target", "5", "--screenshots", BROWSER);
  assert.equal(screenshots.length, 8);
  const other = await runPlimsoll(["size", BROWSER, "--screenshots", HTTP]);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /Cannot use --screenshots: .* Give a run in browsers that took screenshots/);
});

Deno.test("plimsoll compare of a run with itself finds nothing, in text and as JSON", async () => {
  const { code, stdout } = await runPlimsoll(["compare", HTTP, HTTP, "--json"]);
  assert.equal(code, 0);
  const comparison = comparisonSchema.parse(JSON.parse(stdout));
  assert.equal(comparison.verdict, "no_evidence");
  assert(comparison.rows.every(({ difference }) => difference.value === 0));
  const text = await runPlimsoll(["compare", HTTP, HTTP, "--tolerance", "2.5%"]);
  assert.match(text.stdout, /^No evidence of a change beyond 2\.5 %; the widest interval reaches /);
  assert.match(text.stdout, /\nserving_cores +a session /);
});

Deno.test("plimsoll schema prints what assumptions, shapes and a comparison look like", async () => {
  for (const name of ["assumptions", "shapes", "compare"]) {
    const { code, stdout } = await runPlimsoll(["schema", name]);
    assert.equal(code, 0);
    const { type, properties, required = [] } = JSON.parse(stdout);
    assert.equal(type, "object");
    assert(Object.keys(properties).length >= 6, name);
    // Of assumptions any may be left out.
    assert.equal(required.length > 0, name !== "assumptions");
  }
});

Deno.test("the examples of --help that name a committed run are run as they stand", async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  for (const command of ["size", "compare"]) {
    const { stdout: help } = await runPlimsoll([command, "--help"]);
    const examples = [...help.matchAll(/^ {2}plimsoll (.* data\/sample\/.*)$/gm)].map(([, line]) => line);
    assert(examples.length >= 1, help);
    for (const example of examples) {
      const { code, stderr, stdout } = await runPlimsoll(example.replaceAll("'", "").split(" "), root);
      assert.equal(code, 0, `${example}: ${stderr}`);
      assert(!stdout.startsWith("Nothing can be sized"), stdout);
    }
  }
});

Deno.test("size and compare end with 2 on bad input, which they name", async () => {
  await using folder = await tempFolder();
  const write = async (name: string, value: unknown) => {
    const path = join(folder.path, name);
    await Deno.writeTextFile(path, typeof value === "string" ? value : JSON.stringify(value));
    return path;
  };
  const short = { schema: "plimsoll.shapes/1", shapes: [{ name: "a", vcpus: 0, memory_gib: 1 }] };
  const twice = { schema: "plimsoll.shapes/1", shapes: [{ name: "m7i.large", vcpus: 1, memory_gib: 1 }] };
  const rows: [args: string[], message: RegExp][] = [
    [["size", HTTP, "--slo", "p95<fast"], /Cannot use --slo: current value is "p95<fast"\. Give p50, p95 or p99 below/],
    [
      ["size", HTTP, "--shape", "m1.tiny"],
      /Cannot use --shape: current value is "m1\.tiny"\. Give one of m7i\.large, /,
    ],
    [["size", HTTP, "--shapes", "aws", "--shape", "n2-standard-4"], /Cannot use --shape: .*Give one of m7i\.large/],
    [
      ["size", HTTP, "--shapes", "ibm"],
      /Cannot use --shapes: current value is "ibm"\. Give aws, azure, gcp, or a JSON file/,
    ],
    [["size", HTTP, "--shapes", await write("short.json", short)], /Cannot use --shapes: .*\(shapes\.0\.vcpus: /],
    [["size", HTTP, "--shapes", `aws,${await write("twice.json", twice)}`], /m7i\.large is there twice/],
    [
      ["size", HTTP, "--retention-count", "1.5"],
      /Cannot use --retention-count: current value is "1\.5"\. Give a whole number/,
    ],
    [["size", HTTP, "--screenshot-every", "5"], /Cannot use --screenshot-every: current value is "5"/],
    [
      ["size", HTTP, "--screenshot-every", "5s", "--snapshots", "9"],
      /Cannot use --screenshot-every: .*left out, or no --snapshots/,
    ],
    [
      ["size", HTTP, "--assumptions", await write("a.json", { safty: 2 })],
      /Cannot use safty: current value is "an unknown field"\. Give one of targets, /,
    ],
    [
      ["size", HTTP, "--assumptions", await write("b.json", { safety: 0.5 })],
      /Cannot use safety: current value is "0\.5"\. Give at least 1/,
    ],
    [["size", HTTP, "--assumptions", await write("c.json", "{")], /Cannot use --assumptions: /],
    [
      ["size", HTTP, "--target", "1000", "--topology", "shared"],
      /Cannot use --target: current value is "1000"\. Give targets up to 4 times/,
    ],
    [["compare", HTTP], /Cannot use AFTER: current value is "nothing"\. Give the folders of two runs/],
    [["compare", HTTP, "/nowhere"], /Cannot use RUN: current value is "\/nowhere"/],
    [["compare", HTTP, HTTP, "--tolerance", "5"], /Cannot use --tolerance: current value is "5"\. Give a share in %/],
    [["compare", HTTP, HTTP, HTTP], /Cannot use argument: /],
  ];
  for (const [args, message] of rows) {
    const { code, stderr, stdout } = await runPlimsoll(args);
    assert.match(stderr, message, args.join(" "));
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
  }
});
