import assert from "node:assert/strict";
import { join } from "node:path";
import { tempFolder } from "../temp_folder.ts";
import { runPlimsoll } from "./run_plimsoll.ts";

const URL_OK = ["--url", "http://127.0.0.1:9/"];
const LEVELS = "whole numbers of sessions from 1 to 100000, for example 1,2,4,8";
const LOOPBACK = "an http or https URL on loopback, for example http://127.0.0.1:8080/";

/** What `plimsoll sweep` is given, and the field, value and remedy that it must name. */
const SWEEP: [args: string[], field: string, value: string, remedy: string][] = [
  [[...URL_OK, "--levels", "0"], "--levels", "0", LEVELS],
  [[...URL_OK, "--levels=-1"], "--levels", "-1", LEVELS],
  [[...URL_OK, "--levels", "-1"], "--levels", "-1", LEVELS],
  [[...URL_OK, "--levels", "1.5"], "--levels", "1.5", LEVELS],
  [[...URL_OK, "--levels", "abc"], "--levels", "abc", LEVELS],
  [[...URL_OK, "--levels", "1,,2"], "--levels", "", LEVELS],
  [[...URL_OK, "--duration", "5x"], "--duration", "5x", "a number with its unit ms, s, m or h, for example 30s"],
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
  [
    ["--url", "http://user:pass@127.0.0.1/"],
    "--url",
    "http://***@127.0.0.1/",
    `${LOOPBACK}, without user name and password`,
  ],
  [["--url", "http://127.1/"], "--url", "http://127.1/", "the host as it is, 127.0.0.1, so that nobody misreads it"],
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
    "the path of an executable",
  ],
  [[...URL_OK, "--mode", "command"], "command", "nothing", "the load generator and its arguments"],
  [
    [...URL_OK, "--mode", "playwright", "--browser", "/bin/false"],
    "--browser",
    "/bin/false",
    "the path of a Chrome or Chromium that starts",
  ],
  [["missing.json"], "PLAN.json", "missing.json", "a JSON file ("],
  [[...URL_OK], "--url", "http://127.0.0.1:9", "a URL that answers: nothing accepts connections on port 9 there"],
];

Deno.test("plimsoll sweep ends with 2 on bad input, names field, value and remedy, and leaves nothing behind", async () => {
  await using folder = await tempFolder();
  const out = join(folder.path, "run");
  for (const [args, field, value, remedy] of SWEEP) {
    const { code, stdout, stderr } = await runPlimsoll(["sweep", "--out", out, ...args], folder.path);
    const wanted = `plimsoll sweep: Cannot use ${field}: current value is ${JSON.stringify(value)}. Give ${remedy}`;
    assert(stderr.startsWith(wanted), `${args.join(" ")}\nprinted ${stderr}\ninstead of ${wanted}`);
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "", args.join(" "));
    assert.deepEqual([...Deno.readDirSync(folder.path)], [], args.join(" "));
  }
});

Deno.test("plimsoll sweep refuses an unknown flag, and lists those it knows", async () => {
  const { code, stderr } = await runPlimsoll(["sweep", ...URL_OK, "--level", "1"]);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /^plimsoll sweep: Cannot use --level: current value is "an unknown flag"\. Give one of --mode, --url, --levels,/,
  );
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
    [["swep"], /Cannot use COMMAND: current value is "swep"\. Give one of demo, doctor, sweep/],
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
    [["export", "/nowhere", "--format", "xlsx"], /Cannot use --format: current value is "xlsx"\. Give parquet or csv/],
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
