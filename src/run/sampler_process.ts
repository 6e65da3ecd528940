/** Entry point of the sampler: a process of its own, so that sampling goes on whatever the generator does. */
import process from "node:process";
import { makeSampler, type Sample, type Sampler, sampleSlot, TargetScraper } from "../sample/mod.ts";
import { attemptClock, listen, say } from "./child_end.ts";
import type { ToChild } from "./messages.ts";
import { Recorder } from "./recorder.ts";

type Job = Extract<ToChild, { type: "sample" }>;

async function sampleUntil(
  job: Job,
  sampler: Sampler,
  zero_ms: number,
  stop: AbortSignal,
  artifacts: () => Record<string, number>,
) {
  const recorder = new Recorder(job.file);
  const clock = attemptClock(zero_ms);
  const now = () => Math.max(0, Math.round(clock.now() * 1000) / 1000);
  const scraper = job.page && new TargetScraper(job.page);
  let scraped: Sample[] = [];
  let scraping: Promise<void> | undefined;
  let missed = 0;
  for (let due_ms = 0; !stop.aborted;) {
    await clock.until(due_ms, stop);
    const t_ms = now();
    const slot = sampleSlot(due_ms, t_ms, job.interval_ms);
    missed += slot.missed;
    scraping ??= scraper?.scrape(clock.now).then((row) => {
      scraping = undefined;
      if (!row) return;
      recorder.add(row);
      scraped.push(row);
    });
    const sampled = await sampler.sample(job.roots, t_ms, now);
    const rows = job.groups ? sampled.filter(({ group }) => job.groups!.includes(group)) : sampled;
    const { user, system } = process.cpuUsage();
    const own = {
      late_ms: slot.late_ms,
      ...(missed > 0 ? { missed } : {}),
      ...(scraper ? { scrapes_failed: scraper.failed } : {}),
      sampler_cpu_ms: (user + system) / 1000,
    };
    for (const row of rows) {
      const told = row.group === "system" ? { ...row, artifact_bytes: artifacts(), ...own } : row;
      recorder.add(job.share === undefined ? told : { ...told, share: job.share });
    }
    say({ type: "rows", rows: [...sampled, ...scraped] });
    scraped = [];
    // A sample that could not be taken in time is missing, not made up: the grid goes on.
    const passed = Math.max(1, Math.ceil((clock.now() - slot.due_ms) / job.interval_ms));
    missed = passed - 1;
    due_ms = slot.due_ms + passed * job.interval_ms;
  }
  await scraping;
  scraper?.close();
  say({ type: "done", files: { "resources.jsonl": recorder.close() } });
}

if (import.meta.main) {
  const stop = new AbortController();
  let artifacts: Record<string, number> = {};
  let start: ((zero_ms: number) => void) | undefined;
  const gone = listen((message) => {
    if (message.type === "sample") {
      const started = new Promise<number>((resolve) => start = resolve);
      const sampler = makeSampler({ memory_every_ms: message.memory_every_ms });
      (async () => {
        // The first sample of a process finds everything new and slow; whatever is due at some time is due at the next one again.
        await sampler.sample(message.roots, -Infinity);
        say({ type: "ready" });
        await sampleUntil(message, sampler, await started, stop.signal, () => artifacts);
        Deno.exit(0);
      })().catch((error) => {
        say({ type: "failed", reason: error?.message ?? String(error), code: error?.code });
        Deno.exit(1);
      });
    } else if (message.type === "start") start?.(message.zero_ms);
    else if (message.type === "artifacts") artifacts = message.bytes;
    else if (message.type === "stop") stop.abort();
  });
  gone.addEventListener("abort", () => setTimeout(() => Deno.exit(1), 100));
}
