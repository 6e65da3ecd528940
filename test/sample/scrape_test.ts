import assert from "node:assert/strict";
import { hasProgram } from "../has_program.ts";
import { LinuxSystem, type Sample, scrapeTarget, TargetScraper } from "../../src/sample/mod.ts";
import { resourceRowSchema } from "../../src/schema/mod.ts";
import { startExporter } from "./start_exporter.ts";
import { kernelCpu, startPerl, until } from "./perl.ts";

const ignore = Deno.build.os !== "linux" || !hasProgram("perl");
const address = "127.0.0.1";
const now = () => performance.now();

Deno.test({
  name: "A machine with node_exporter has the row that /proc gives",
  ignore: ignore || !hasProgram("prometheus-node-exporter"),
  fn: async () => {
    await using exporter = await startExporter();
    const { kind, limits } = await scrapeTarget({ url: exporter.url, address });
    assert.equal(kind, "machine");
    assert.equal(limits.cores, navigator.hardwareConcurrency);
    const scraper = new TargetScraper({ url: exporter.url, address });
    const system = new LinuxSystem();
    await scraper.scrape(now);
    // Whatever happens while a page is made lies between two of our own readings.
    const outer = system.read();
    const first = (await scraper.scrape(now))!;
    const inner = system.read();
    await using burner = startPerl(`burn(1.5); print "burnt\\n"; sleep 60`);
    await burner.line();
    const innerEnd = system.read();
    const last = (await scraper.scrape(now))!;
    const outerEnd = system.read();
    const cpu_ms = last.cpu_ms - first.cpu_ms;
    const [low, high] = [innerEnd.cpu_ms - inner.cpu_ms, outerEnd.cpu_ms - outer.cpu_ms];
    assert(low >= 1400, `${low} ms`);
    assert(cpu_ms >= 0.97 * low - 40 && cpu_ms <= 1.03 * high + 40, `${cpu_ms} ms, /proc/stat says ${low} to ${high}`);
    assert.equal(last.core_busy_ms!.length, outerEnd.core_busy_ms!.length);
    assert.equal(last.memory_kind, "system");
    const total = (row: Partial<Sample>) => row.memory_used_bytes! + row.memory_available_bytes!;
    assert.equal(total(last), total(outerEnd));
    assert(Math.abs(last.memory_bytes! - outerEnd.memory_bytes!) < 0.1 * total(last));
    for (const field of ["network_received_bytes", "disk_written_bytes"] as const) {
      assert(Math.abs(last[field]! / Math.max(1, outerEnd[field]!) - 1) < 0.05 || outerEnd[field]! < 1e6, field);
    }
    assert(last.t_ms > first.t_ms);
    resourceRowSchema.parse({ seq: 0, ...last });
    scraper.close();
  },
});

/** A program that counts itself as Prometheus' client libraries do. */
const APP = `
const page = () => {
  const { user, system } = process.cpuUsage();
  return "# TYPE process_cpu_seconds_total counter\\nprocess_cpu_seconds_total " + (user + system) / 1e6 +
    "\\n# TYPE process_resident_memory_bytes gauge\\nprocess_resident_memory_bytes " + Deno.memoryUsage().rss + "\\n";
};
let mode = "ok";
Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) }, (request) => {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/mode/")) return new Response(mode = pathname.slice(6));
  if (pathname === "/burn") {
    const end = performance.now() + 800;
    while (performance.now() < end);
    return new Response("burnt");
  }
  if (mode === "error") return new Response("no", { status: 500 });
  if (mode === "redirect") return new Response(null, { status: 302, headers: { location: "/mode/followed" } });
  if (mode === "hang") return new Promise(() => {});
  if (mode === "html") return new Response("<html>");
  if (mode === "huge") return new Response(("a ".padEnd(1023, "1") + "\\n").repeat(20_000));
  return new Response(mode === "restarted" ? "process_cpu_seconds_total 0.01\\n" : page());
});`;

async function startApp(): Promise<{ origin: string; pid: number } & AsyncDisposable> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", `import process from "node:process";${APP}`],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number((await lines.read()).value);
  return {
    origin: `http://${address}:${port}`,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
      await child.status;
      await lines.cancel();
    },
  };
}

const get = async (url: string) => await (await fetch(url)).text();

Deno.test({
  name: "A program's own page says what the kernel says of it",
  ignore,
  fn: async () => {
    await using app = await startApp();
    const scraper = new TargetScraper({ url: `${app.origin}/metrics`, address });
    const first = (await scraper.scrape(now))!;
    const before = kernelCpu(app.pid);
    assert.equal(first.cpu_ms, 0);
    await get(`${app.origin}/burn`);
    const last = (await scraper.scrape(now))!;
    const used_ms = kernelCpu(app.pid) - before;
    assert(used_ms > 100, `${used_ms} ms`);
    assert(Math.abs(last.cpu_ms - used_ms) <= 0.05 * used_ms + 40, `${last.cpu_ms} ms, the kernel says ${used_ms}`);
    assert.equal(last.memory_kind, "rss");
    const rss = 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${app.pid}/status`))![1]);
    assert(Math.abs(last.memory_bytes! / rss - 1) < 0.1, `${last.memory_bytes}, the kernel says ${rss}`);
    scraper.close();
  },
});

Deno.test({
  name: "A page that cannot be read leaves no row, and is counted; a counter that starts anew goes on",
  ignore,
  fn: async () => {
    await using app = await startApp();
    const scraper = new TargetScraper({ url: `${app.origin}/metrics`, address, timeout_ms: 700 });
    const before = (await scraper.scrape(now))!;
    let failed = 0;
    for (const mode of ["error", "redirect", "html", "huge", "hang"]) {
      await get(`${app.origin}/mode/${mode}`);
      assert.equal(await scraper.scrape(now), undefined, mode);
      assert.equal(scraper.failed, ++failed, mode);
      await assert.rejects(scrapeTarget({ url: `${app.origin}/metrics`, address, timeout_ms: 700 }), Error, mode);
    }
    await get(`${app.origin}/mode/restarted`);
    const after = (await scraper.scrape(now))!;
    assert(Math.abs(after.cpu_ms - before.cpu_ms - 10) < 0.01, `${before.cpu_ms} ms, then ${after.cpu_ms}`);
    await get(`${app.origin}/mode/ok`);
    assert((await scraper.scrape(now))!.cpu_ms >= after.cpu_ms);
    assert.equal(scraper.failed, failed);
    Deno.kill(app.pid, "SIGKILL");
    await until("its end", () => !alive(app.pid));
    await scraper.scrape(now);
    assert.equal(scraper.failed, failed + 1);
    scraper.close();
  },
});

function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
