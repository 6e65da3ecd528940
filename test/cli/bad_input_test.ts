import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { resume, sweep } from "../../src/run/mod.ts";
import { errorDocumentSchema } from "../../src/schema/mod.ts";
import { canMount } from "../has_program.ts";
import { tempFolder } from "../temp_folder.ts";
import { runPlimsoll } from "./run_plimsoll.ts";

const URL_OK = ["--url", "http://127.0.0.1:9/"];
const LEVELS = "whole numbers of sessions from 1 to 100000, for example 1,2,4,8, or 1..64, which doubles, or 1..64x1.5";
const LOOPBACK = "an http or https URL on loopback, for example http://127.0.0.1:8080/";

const DISGUISE = "the host as it is, 127.0.0.1, so that nobody misreads it";
const METADATA = "a host of yours: link-local and metadata addresses are never loaded";
const THINK = "a time, or DISTRIBUTION:MEAN, for example 1s, exponential:1s, lognormal:1s:0.5";
const OWN_LOAD = "left out: the load generator decides it itself";
const DURATION = "a number with its unit ms, s, m or h, for example 30s";

/** What `plimsoll sweep` is given, and the field, value and remedy that it must name; a remedy may end with `…`. */
const SWEEP: [args: string[], field: string, value: string, remedy: string][] = [
  [[...URL_OK, "--levels", "0"], "--levels", "0", LEVELS],
  [[...URL_OK, "--levels=-1"], "--levels", "-1", LEVELS],
  [[...URL_OK, "--levels", "-1"], "--levels", "-1", LEVELS],
  [[...URL_OK, "--levels", "1.5"], "--levels", "1.5", LEVELS],
  [[...URL_OK, "--levels", "abc"], "--levels", "abc", LEVELS],
  [[...URL_OK, "--levels", "1,,2"], "--levels", "", LEVELS],
  [[...URL_OK, "--levels", "1,100001"], "--levels", "100001", LEVELS],
  [[...URL_OK, "--levels", "1e3"], "--levels", "1e3", LEVELS],
  [[...URL_OK, "--levels", "1,64..2"], "--levels", "64..2", LEVELS],
  [[...URL_OK, "--levels", "1..64x1"], "--levels", "1..64x1", LEVELS],
  [[...URL_OK, "--levels", "1..9999x1.01"], "--levels", "1..9999x1.01", "at most 100 levels: these are 563"],
  [[...URL_OK, "--cooldown", "5"], "--cooldown", "5", DURATION],
  [[...URL_OK, "--cooldown", "100ms"], "--cooldown", "100ms", "0, or at least 500 ms"],
  [[...URL_OK, "--duration", "5x"], "--duration", "5x", DURATION],
  [[...URL_OK, "--duration", "30"], "--duration", "30", DURATION],
  [[...URL_OK, "--duration=-5s"], "--duration", "-5s", DURATION],
  [[...URL_OK, "--duration", "25h"], "--duration", "25h", "at most 86400000 ms"],
  [[...URL_OK, "--pace", "0s"], "--pace", "0s", "at least 1 ms"],
  [
    [...URL_OK, "--pace", "1s", "--think", "2s"],
    "--pace",
    "1s",
    "left out, or no think: one of them says when the next iteration starts",
  ],
  [[...URL_OK, "--think", "gauss:1s"], "--think", "gauss:1s", THINK],
  [[...URL_OK, "--think", "exponential:1s:2"], "--think", "exponential:1s:2", THINK],
  [
    [...URL_OK, "--think", "uniform:1s:0.9"],
    "think",
    JSON.stringify({ distribution: "uniform", mean_ms: 1000, cv: 0.9 }),
    "a cv only of uniform, at most 0.577, or of lognormal",
  ],
  [[...URL_OK, "--think", "1"], "--think", "1", DURATION],
  [[...URL_OK, "--arrivals", "uniform"], "arrivals", "uniform", "one of poisson"],
  [
    [...URL_OK, "--arrivals", "poisson", "--think", "1s"],
    "arrivals",
    "poisson",
    "left out, or no think: arrivals wait for nobody",
  ],
  [
    [...URL_OK, "--mode", "playwright", "--arrivals", "poisson"],
    "arrivals",
    "poisson",
    "left out, or mode http: a browser takes too long to open for one arrival",
  ],
  [
    [...URL_OK, "--mode", "command", "--command", "ab", "--think", "1s"],
    "think",
    JSON.stringify({ distribution: "constant", mean_ms: 1000 }),
    OWN_LOAD,
  ],
  [[...URL_OK, "--mode", "command", "--command", "ab", "--arrivals", "poisson"], "arrivals", "poisson", OWN_LOAD],
  [[...URL_OK, "--mode", "command", "--command", "ab", "--ramp", "5s"], "--ramp", "5s", OWN_LOAD],
  [[...URL_OK, "--ramp", "2h"], "--ramp", "2h", "at most 3600000 ms"],
  [[...URL_OK, "--max-rows-per-s", "0"], "--max-rows-per-s", "0", "a whole number from 1 to 10000000"],
  [[...URL_OK, "--warmup", "soon"], "--warmup", "soon", DURATION],
  [[...URL_OK, "--timeout", "0ms"], "--timeout", "0ms", "at least 1 ms"],
  [[...URL_OK, "--sample-interval", "1ms"], "--sample-interval", "1ms", "at least 100 ms"],
  [[...URL_OK, "--screenshot-quality", "101"], "--screenshot-quality", "101", "a whole number from 1 to 100"],
  [[...URL_OK, "--duration", "10ms"], "--duration", "10ms", "at least 1000 ms"],
  [[...URL_OK, "--replicates", "0"], "--replicates", "0", "a whole number from 1 to 100"],
  [[...URL_OK, "--replicates", "two"], "--replicates", "two", "a whole number from 1 to 100"],
  [[...URL_OK, "--seed=-1"], "--seed", "-1", "a whole number from 0 to 4294967295"],
  [[...URL_OK, "--mode", "ftp"], "--mode", "ftp", "http, playwright or command"],
  [[...URL_OK, "--size-groups", "system"], "size_groups.0", "system", "one of target, browser, generator"],
  [[...URL_OK, "--target-pid", "4194304999"], "--target-pid", "4194304999", "a whole number from 1 to 2147483647"],
  [
    [...URL_OK, "--target-pid", "1", "--target-port", "80"],
    "target",
    "target_pid and target_port",
    "only one of target_pid, target_port, target_command, target_name, target_cgroup, target_prometheus",
  ],
  [[...URL_OK, "--target-name", ""], "target_name", "", "the name of a program, as ps shows it"],
  [
    [...URL_OK, "--target-cgroup", "/system.slice/../web"],
    "target_cgroup",
    "/system.slice/../web",
    "an absolute path without . and .., for example /system.slice/web.service",
  ],
  [[...URL_OK, "--target-prometheus", "file:///etc/passwd"], "--target-prometheus", "file:///etc/passwd", LOOPBACK],
  [
    [...URL_OK, "--target-prometheus", "http://example.com:9100/metrics"],
    "--target-prometheus",
    "http://example.com:9100/metrics",
    "a loopback URL, or add --i-may-load-test=HOST:PORT,example.com:9100 if that host is yours to load",
  ],
  [
    [...URL_OK, "--target-prometheus", "http://example.com:9100/metrics", "--i-may-load-test=127.0.0.1:9"],
    "--target-prometheus",
    "http://example.com:9100/metrics",
    "a loopback URL, or name it too: --i-may-load-test=127.0.0.1:9,example.com:9100",
  ],
  [
    [...URL_OK, "--target-prometheus", "http://169.254.169.254/metrics"],
    "--target-prometheus",
    "http://169.254.169.254/metrics",
    "a host of yours: link-local and metadata addresses are never loaded",
  ],
  [
    [...URL_OK, "--target-labels", "web"],
    "--target-labels",
    "web",
    "labels as name=web,instance=host:9100",
  ],
  [
    [...URL_OK, "--target-labels", "name=web"],
    "target_labels",
    '{"name":"web"}',
    "target_prometheus too, the page that has these labels",
  ],
  [[], "--url", "nothing", "the URL that the sessions load, for example http://127.0.0.1:8080/"],
  [["--url", "file:///etc/hostname"], "--url", "file:///etc/hostname", LOOPBACK],
  [["--url", "not a url"], "--url", "not a url", LOOPBACK],
  [["--url", ""], "--url", "", LOOPBACK],
  [["--url", "127.0.0.1:8080"], "--url", "127.0.0.1:8080", LOOPBACK],
  [["--url", "javascript:alert(1)"], "--url", "javascript:alert(1)", LOOPBACK],
  [["--url", "ws://127.0.0.1/"], "--url", "ws://127.0.0.1/", LOOPBACK],
  [
    ["--url", "http://user:pass@127.0.0.1/"],
    "--url",
    "http://***@127.0.0.1/",
    `${LOOPBACK}, without user name and password`,
  ],
  [["--url", "http://127.1/"], "--url", "http://127.1/", DISGUISE],
  [["--url", "http://0x7f000001/"], "--url", "http://0x7f000001/", DISGUISE],
  [["--url", "http://2130706433/"], "--url", "http://2130706433/", DISGUISE],
  [["--url", "http://0177.0.0.1/"], "--url", "http://0177.0.0.1/", DISGUISE],
  [
    ["--url", "http://[::ffff:127.0.0.1]/"],
    "--url",
    "http://[::ffff:127.0.0.1]/",
    "the host as it is, [::ffff:7f00:1], so that nobody misreads it",
  ],
  [["--url", "http://[::ffff:7f00:1]/"], "--url", "http://[::ffff:7f00:1]/", METADATA],
  [["--url", "http://169.254.169.254/latest/"], "--url", "http://169.254.169.254/latest/", METADATA],
  [["--url", "http://[fe80::1]/"], "--url", "http://[fe80::1]/", METADATA],
  [
    ["--url", "http://169.254.169.254/", "--i-may-load-test=169.254.169.254:80"],
    "--url",
    "http://169.254.169.254/",
    METADATA,
  ],
  [
    ["--url", "http://0.0.0.0/"],
    "--url",
    "http://0.0.0.0/",
    "a loopback URL, or add --i-may-load-test=0.0.0.0:80 if that host is yours to load",
  ],
  [
    ["--url", "http://example.com/"],
    "--url",
    "http://example.com/",
    "a loopback URL, or add --i-may-load-test=example.com:80 if that host is yours to load",
  ],
  [
    ["--url", "http://example.com/", "--i-may-load-test=example.org:80"],
    "--i-may-load-test",
    "example.org:80",
    "exactly the URL's host and port, example.com:80",
  ],
  [
    [...URL_OK, "--i-may-load-test=bogus:1"],
    "--i-may-load-test",
    "bogus:1",
    "exactly the URL's host and port, 127.0.0.1:9",
  ],
  [
    [...URL_OK, "--mode", "playwright", "--browser", "/nowhere/chrome"],
    "--browser",
    "/nowhere/chrome",
    "the path of an executable Chrome or Chromium",
  ],
  [[...URL_OK, "--mode", "command"], "command", "nothing", "the load generator and its arguments…"],
  [
    [...URL_OK, "--mode", "playwright", "--browser", "/bin/false"],
    "--browser",
    "/bin/false",
    "the path of a Chrome or Chromium that starts…",
  ],
  [["missing.json"], "PLAN.json", "missing.json", "a JSON file (…"],
  [["FILES/broken.json"], "PLAN.json", "FILES/broken.json", "a JSON file (…"],
  [["FILES/huge.json"], "PLAN.json", "FILES/huge.json", "a JSON file (it is larger than 1 MB)"],
  [["FILES/twice.json"], "PLAN.json", "FILES/twice.json", 'a JSON file ("levels" stands twice in one object)'],
  [
    ["FILES/list.json"],
    "PLAN.json",
    "FILES/list.json",
    "a JSON object with the fields of a plan, see `plimsoll schema plan`",
  ],
  [["FILES/misspelt.json"], "levles", "an unknown field", "one of mode, url, levels,…"],
  [["FILES/other_host.json"], "requests.0.path", "http://elsewhere/", '…"/"…'],
  [["FILES/number.json"], "duration_ms", "30s", "a value of type number"],
  [
    [...URL_OK, "--mode", "playwright", "--scenario", "FILES/twice.json"],
    "--scenario",
    "FILES/twice.json",
    'a JSON file with a list of steps, or a module ("levels" stands twice in one object)',
  ],
  [
    [...URL_OK, "--out", "FILES/link"],
    "--out",
    "FILES/link",
    "the folder itself: this is a link, which may change meanwhile",
  ],
  [[...URL_OK, "--out", "FILES/list.json"], "--out", "FILES/list.json", "a folder: this is a file"],
  [[...URL_OK, "--out", "FILES/a,b"], "--out", "FILES/a,b", "a path without commas"],
  [[...URL_OK, "--out", "FILES"], "--out", "FILES", "a new or empty folder: this one holds other files"],
  [[...URL_OK], "--url", "http://127.0.0.1:9", "a URL that answers: nothing accepts connections on port 9 there"],
];

/** Files that some rows name, and where a sweep could leave something behind. */
async function badFiles(folder: string): Promise<string> {
  const files = join(folder, "files");
  await Deno.mkdir(join(files, "elsewhere"), { recursive: true });
  await Deno.symlink(join(files, "elsewhere"), join(files, "link"));
  const texts = {
    broken: '{"url": ',
    huge: JSON.stringify({ url: "http://127.0.0.1:9/", requests: "x".repeat(1_000_001) }),
    twice: '{"url": "http://127.0.0.1:9/", "levels": [1], "note": {"levels": 1, "url": 2}, "l\\u0065vels": [2]}',
    list: "[]",
    misspelt: '{"url": "http://127.0.0.1:9/", "levles": [1]}',
    other_host:
      '{"url": "http://127.0.0.1:9/", "requests": [{"name": "a", "method": "GET", "path": "http://elsewhere/"}]}',
    number: '{"url": "http://127.0.0.1:9/", "duration_ms": "30s"}',
  };
  for (const [name, text] of Object.entries(texts)) await Deno.writeTextFile(join(files, `${name}.json`), text);
  return files;
}

Deno.test("plimsoll sweep ends with 2 on bad input, names field, value and remedy, and leaves nothing behind", async () => {
  await using folder = await tempFolder();
  const files = await badFiles(folder.path);
  const tree = () => [...walk(folder.path)].toSorted();
  const before = tree();
  for (const [args, field, value, remedy] of SWEEP) {
    const here = (text: string) => text.replaceAll("FILES", files);
    const out = args.includes("--out") ? [] : ["--out", join(folder.path, "run")];
    const { code, stdout, stderr } = await runPlimsoll(["sweep", ...out, ...args.map(here)], folder.path);
    const [start, ...rest] = remedy.split("…");
    const wanted = `plimsoll sweep: Cannot use ${field}: current value is ${
      JSON.stringify(here(value))
    }. Give ${start}`;
    const [line] = stderr.split("\n");
    const exact = rest.length > 0
      ? line.startsWith(wanted) && rest.every((part) => line.includes(part))
      : line === `${wanted}.`;
    assert(exact, `${args.join(" ")}\nprinted ${stderr}\ninstead of ${wanted}`);
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "", args.join(" "));
    assert.deepEqual(tree(), before, args.join(" "));
  }
});

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    yield join(folder, name);
    if (isDirectory) yield* walk(join(folder, name));
  }
}

Deno.test("a name of which one address is elsewhere is not loaded", { ignore: !canMount() }, async () => {
  await using folder = await tempFolder();
  const hosts = join(folder.path, "hosts");
  await Deno.writeTextFile(hosts, "127.0.0.1 localhost\n203.0.113.9 localhost\n");
  const plimsoll = [
    ...[Deno.execPath(), "run", "-A", "--quiet"],
    fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url)),
    ...["sweep", "--url", "http://localhost:9/", "--out", join(folder.path, "run")],
  ];
  const { code, stderr } = await new Deno.Command("unshare", {
    args: ["-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts, ...plimsoll],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(
    new TextDecoder().decode(stderr).split("\n")[0],
    'plimsoll sweep: Cannot use --url: current value is "localhost (203.0.113.9)". Give a host whose every address is loopback.',
  );
  assert.equal(code, 2);
});

Deno.test("sweep() and resume() refuse a folder with a NUL in its name", async () => {
  const remedy = /Cannot use (--out|RUN): .* Give a path without NUL/;
  await assert.rejects(sweep({ url: "http://127.0.0.1:9/" }, { out: "runs/a\0b" }), remedy);
  await assert.rejects(resume("runs/a\0b"), remedy);
});

Deno.test("an unknown flag is refused with the one that was meant, or with all there are", async () => {
  const rows: [args: string[], remedy: string][] = [
    [["sweep", "--level", "1"], "--levels.\n"],
    [["sweep", "--workes", "2"], "--workers.\n"],
    [["worker", "--capacty", "2"], "--capacity.\n"],
    [["size", "--targets", "2"], "--target.\n"],
    [["sweep", "--frobnicate", "1"], "one of --mode, --url, --levels, "],
  ];
  for (const [args, remedy] of rows) {
    const { code, stderr } = await runPlimsoll(args);
    assert.equal(code, 2);
    const begins = `plimsoll ${args[0]}: Cannot use ${args[1]}: current value is "an unknown flag". Give ${remedy}`;
    assert(stderr.startsWith(begins), stderr);
  }
});

Deno.test("plimsoll sweep refuses a folder that it may not write to, and one that holds a run", async () => {
  await using folder = await tempFolder();
  const run = join(folder.path, "run");
  await Deno.mkdir(run);
  await Deno.writeTextFile(join(run, "manifest.jsonl"), "");
  const locked = Deno.build.os === "linux" ? "/proc/plimsoll" : "/plimsoll-test";
  for (
    const [out, remedy] of [[run, "a new folder: this one holds a run"], [
      locked,
      "a folder in a place that you may write to",
    ]]
  ) {
    const { code, stderr } = await runPlimsoll(["sweep", ...URL_OK, "--out", out]);
    assert.equal(code, 2);
    assert(
      stderr.startsWith(`plimsoll sweep: Cannot use --out: current value is ${JSON.stringify(out)}. Give ${remedy}`),
      stderr,
    );
  }
  assert.equal(Deno.readTextFileSync(join(run, "manifest.jsonl")), "");
});

Deno.test("the other commands end with 2 on bad input, too", async () => {
  const rows: [args: string[], message: RegExp][] = [
    [["swep"], /Cannot use COMMAND: current value is "swep"\. Give sweep\./],
    [["nothing"], /Cannot use COMMAND: current value is "nothing"\. Give one of demo, doctor, sweep/],
    [["fit"], /Cannot use RUN: current value is "nothing"/],
    [["fit", "/nowhere"], /Cannot use RUN: current value is "\/nowhere"\. Give the folder of a run/],
    [["size", "/nowhere", "--target", "0"], /Cannot use --target: current value is "0"\. Give a whole number from 1/],
    [
      ["size", "/nowhere", "--safety", "0.5"],
      /Cannot use --safety: current value is "0\.5"\. Give a number from 1 to 100/,
    ],
    [
      ["size", "/nowhere", "--topology", "ring"],
      /Cannot use --topology: current value is "ring"\. Give replicated or shared/,
    ],
    [
      ["export", "/nowhere", "--format", "xlsx"],
      /Cannot use --format: current value is "xlsx"\. Give parquet, csv or ndjson\./,
    ],
    [["schema", "nothing"], /Cannot use NAME: current value is "nothing"\. Give one of plan,/],
    [["list", "a", "b"], /Cannot use argument: current value is "b"/],
    [["report", "--out"], /Cannot use --out/],
  ];
  for (const [args, message] of rows) {
    const { code, stderr, stdout } = await runPlimsoll(args);
    assert.match(stderr, message, args.join(" "));
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
  }
});

Deno.test("with --json an error is one JSON document on standard output, and the exit code is the same", async () => {
  const rows: [args: string[], field: string, value: string][] = [
    [["sweep", ...URL_OK, "--levels", "0", "--json"], "--levels", "0"],
    [["resume", "--json", "/nowhere"], "RUN", "/nowhere"],
    [["fit", "/nowhere", "--json"], "RUN", "/nowhere"],
    [["size", "/nowhere", "--target", "0", "--json"], "--target", "0"],
    [["list", "/nowhere", "--json"], "DIR", "/nowhere"],
    [["doctor", "--browser", "/nowhere/chrome", "--json"], "--browser", "/nowhere/chrome"],
    [["swep", "--json"], "COMMAND", "swep"],
    [["list", "--jsn", "--json"], "--jsn", "an unknown flag"],
  ];
  for (const [args, field, value] of rows) {
    const { code, stdout, stderr } = await runPlimsoll(args);
    const { schema, error } = errorDocumentSchema.parse(JSON.parse(stdout));
    assert.equal(schema, "plimsoll.error/1");
    assert.deepEqual([error.field, error.value, code], [field, value, 2], args.join(" "));
    assert.equal(stderr, `plimsoll ${args[0]}: ${error.message}\n`);
    assert(error.message.endsWith(`Give ${error.remedy}.`), error.message);
  }
});
