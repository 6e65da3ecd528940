import assert from "node:assert/strict";
import { parseExposition, readTargetMetrics, TARGET_METRICS } from "../../src/sample/mod.ts";

const PAGES: [why: string, page: string, want: [string, Record<string, string>, number][]][] = [
  ["nothing", "", []],
  ["a counter", "# HELP a_total Help with \\n and \\\\.\n# TYPE a_total counter\na_total 3\n", [["a_total", {}, 3]]],
  ["no line end at the end", "a 1", [["a", {}, 1]]],
  ["line ends of Windows, empty lines and blanks", "\r\n  a 1\r\n\t\nb\t2 \r\n", [["a", {}, 1], ["b", {}, 2]]],
  ["labels, with blanks and a last comma", 'a { x = "1" , y="2", } 5', [["a", { x: "1", y: "2" }, 5]]],
  ["no labels in braces", "a{} 5", [["a", {}, 5]]],
  ["escapes", String.raw`a{x="\\ \" \n \t"} 1`, [["a", { x: '\\ " \n \\t' }, 1]]],
  ["braces, commas and hashes in a label", 'a{x="},{#"} 1', [["a", { x: "},{#" }, 1]]],
  ["a timestamp", "a 1 1395066363000\nb 2 -1", [["a", {}, 1], ["b", {}, 2]]],
  ["an exemplar", 'a_total 17 1520879607.789 # {trace="x"} 0.67', [["a_total", {}, 17]]],
  ["special values", "a NaN\nb +Inf\nc -Inf\nd 1.5e-3\ne .5\nf -0\ng 5.\nh +1E3", [
    ["a", {}, NaN],
    ["b", {}, Infinity],
    ["c", {}, -Infinity],
    ["d", {}, 0.0015],
    ["e", {}, 0.5],
    ["f", {}, -0],
    ["g", {}, 5],
    ["h", {}, 1000],
  ]],
  [
    "histograms and summaries are left out",
    '# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 2\nh_count 3\n# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 1\ns_count 1\nh_counted 4',
    [["h_counted", {}, 4]],
  ],
  ["comments that are none of HELP and TYPE", "# just so\n#\n# EOF\na 1", [["a", {}, 1]]],
  ["names with colons", "job:a:rate5m 2", [["job:a:rate5m", {}, 2]]],
];

Deno.test("parseExposition() reads what the format allows", () => {
  for (const [why, page, want] of PAGES) {
    assert.deepEqual(parseExposition(page).map(({ name, labels, value }) => [name, labels, value]), want, why);
  }
});

Deno.test("parseExposition() says which line it cannot read", () => {
  const pages: [page: string, line: number][] = [
    ["a 1\nb", 2],
    ["a one", 1],
    ["a 0x10", 1],
    ["a 1_000", 1],
    ["a{x=1} 1", 1],
    ['a{x="1} 1', 1],
    ['a{x="1" y="2"} 1', 1],
    ['a{x="1"', 1],
    ["1a 1", 1],
    ["<html>", 1],
    ["a 1 soon", 1],
    ["a-b 1", 1],
  ];
  for (const [page, line] of pages) {
    assert.throws(() => parseExposition(page), new RegExp(`^SyntaxError: Cannot read line ${line} `), page);
  }
});

Deno.test("parseExposition() reads only what is wanted, and not endlessly", () => {
  const page = "other one two three\n".repeat(50_000) + "process_cpu_seconds_total 2\n";
  assert.deepEqual(parseExposition(page, { wanted: TARGET_METRICS }).map(({ value }) => value), [2]);
  assert.throws(() => parseExposition("a 1\n".repeat(11), { most_samples: 10 }), RangeError);
  assert.equal(parseExposition("a 1\n".repeat(10), { most_samples: 10 }).length, 10);
  // A label without an end, as long as a page may be, takes no time that grows with its square.
  assert.throws(() => parseExposition(`a{x="${"\\\\".repeat(2e6)}`), SyntaxError);
  assert.throws(() => parseExposition(`a ${"1".repeat(4e6)}x`), SyntaxError);
});

const read = (page: string, labels?: Record<string, string>) => readTargetMetrics(parseExposition(page), labels);

Deno.test("readTargetMetrics() takes a machine's busy cores, and no time twice", () => {
  const { kind, row, limits } = read(`
node_cpu_seconds_total{cpu="0",mode="idle"} 1000
node_cpu_seconds_total{cpu="0",mode="iowait"} 10
node_cpu_seconds_total{cpu="0",mode="user"} 20
node_cpu_seconds_total{cpu="0",mode="system"} 5
node_cpu_seconds_total{cpu="0",mode="steal"} 3
node_cpu_guest_seconds_total{cpu="0",mode="user"} 7
node_cpu_seconds_total{cpu="10",mode="nice"} 1
node_cpu_seconds_total{cpu="2",mode="softirq"} 0.5
node_memory_MemTotal_bytes 8e9
node_memory_MemAvailable_bytes 6e9
node_network_receive_bytes_total{device="lo"} 1e6
node_network_receive_bytes_total{device="eth0"} 100
node_network_transmit_bytes_total{device="eth0"} 200
node_disk_read_bytes_total{device="sda"} 1
node_disk_read_bytes_total{device="sda1"} 1
node_disk_read_bytes_total{device="dm-0"} 1
process_cpu_seconds_total 99
`);
  assert.equal(kind, "machine");
  assert.deepEqual(row, {
    cpu_ms: 26_500,
    core_busy_ms: [25_000, 500, 1000],
    steal_ms: 3000,
    memory_bytes: 2e9,
    memory_kind: "system",
    memory_used_bytes: 2e9,
    memory_available_bytes: 6e9,
    processes: 1,
    network_received_bytes: 100,
    network_sent_bytes: 200,
    disk_read_bytes: 1,
  });
  assert.deepEqual(limits, { cores: 3, memory_bytes: 8e9 });
});

const CADVISOR = `
container_cpu_usage_seconds_total{id="/",cpu="total"} 900
container_cpu_usage_seconds_total{id="/docker",cpu="total"} 500
container_cpu_usage_seconds_total{id="/docker/1",name="web",image="nginx",cpu="total"} 12.5
container_memory_working_set_bytes{id="/"} 9e9
container_memory_working_set_bytes{id="/docker/1",name="web",image="nginx"} 5e7
container_processes{id="/docker/1",name="web"} 4
container_spec_cpu_quota{id="/docker/1",name="web"} 150000
container_spec_cpu_period{id="/docker/1",name="web"} 100000
container_spec_memory_limit_bytes{id="/docker/1",name="web"} 0
machine_cpu_cores 8
machine_memory_bytes{boot_id="x"} 16e9
process_cpu_seconds_total 99
`;
const OTHER = `
container_cpu_usage_seconds_total{id="/docker/2",name="db",cpu="cpu00"} 1
container_cpu_usage_seconds_total{id="/docker/2",name="db",cpu="cpu01"} 2
container_memory_working_set_bytes{id="/docker/2",name="db"} 1e6
`;

Deno.test("readTargetMetrics() takes the one container, or the one that labels choose", () => {
  const web = {
    kind: "container",
    row: { cpu_ms: 12_500, memory_bytes: 5e7, memory_kind: "cgroup", processes: 4 },
    limits: { cores: 1.5, memory_bytes: 16e9 },
  };
  assert.deepEqual(read(CADVISOR), web);
  assert.deepEqual(read(CADVISOR + OTHER, { name: "web" }), web);
  const db = read(CADVISOR + OTHER, { name: "db" });
  assert.deepEqual([db.row.cpu_ms, db.row.memory_bytes, db.limits.cores], [3000, 1e6, 8]);
  assert.throws(() => read(CADVISOR + OTHER), /Cannot choose one of 2 containers.*names: web, db/);
  assert.throws(() => read(CADVISOR, { name: "none" }), /Cannot find a target/);
});

Deno.test("readTargetMetrics() takes the program itself, and refuses a page without a target", () => {
  const { kind, row } = read("process_cpu_seconds_total 1.25\nprocess_resident_memory_bytes 4e7\n");
  assert.deepEqual([kind, row], ["process", { cpu_ms: 1250, memory_bytes: 4e7, memory_kind: "rss", processes: 1 }]);
  assert.throws(() => read("up 1\n"), /Cannot find a target/);
  assert.throws(() => read("process_cpu_seconds_total NaN\n"), /Cannot find a target/);
});
