import type { ReportDocument } from "../../src/schema/mod.ts";
import { simulatedDocument } from "./simulated_document.ts";

/** Text that does harm wherever it is taken for markup, script, or an expression. */
export const HOSTILE = [
  `</script><script>window.harmed=1</script>`,
  `<img src=x onerror="window.harmed=1">`,
  `"><svg onload=window.harmed=1>`,
  `' onmouseover='window.harmed=1`,
  `\u2028\u202egnihton|a|b\n# heading \`code\` [link](javascript:alert(1)) http://evil.example/ &lt;b&gt;`,
  `\${window.harmed=1} " + (window.harmed=1) + "`,
  `\u001b[31m\u001b]8;;http://evil.example/\u0007red\u0000`,
  `=HYPERLINK("http://evil.example/","safe") @SUM(1) +1 -1`,
].join(" ");

/** A report whose every text that a run, a file or a user can choose is hostile. */
export function hostileDocument(): ReportDocument {
  const document = simulatedDocument({ title: HOSTILE, url: `http://127.0.0.1/${HOSTILE}` });
  const { summary, sizing, fit, provenance } = document;
  summary.run = HOSTILE;
  summary.warnings = [HOSTILE];
  summary.size_groups = [HOSTILE];
  sizing.answer = HOSTILE;
  sizing.source = HOSTILE;
  for (const row of sizing.rows) [row.model, row.notes] = [HOSTILE, [HOSTILE]];
  for (const level of summary.levels) {
    for (const flag of level.flags) flag.reason = HOSTILE;
  }
  for (const metric of Object.values(fit.metrics)) {
    metric.verdict.text = HOSTILE;
    for (const point of metric.points) if (point.excluded !== undefined) point.excluded = HOSTILE;
  }
  for (const point of document.timeline) if (point.group === "generator") point.group = HOSTILE;
  for (const name of ["os", "kernel", "cpu_model", "target", "git_revision", "started_at"] as const) {
    provenance[name] = HOSTILE;
  }
  provenance.environment = [HOSTILE];
  if (provenance.browser !== undefined) provenance.browser.path = HOSTILE;
  return document;
}
