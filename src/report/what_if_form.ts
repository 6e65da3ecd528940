import { assume, catalogue } from "../size/mod.ts";
import type { Assumptions } from "../schema/mod.ts";
import { inertHtml } from "./inert.ts";
import type { SizedRun } from "./sizing_content.ts";
import { fieldText, WHAT_IF, type WhatIfField } from "./what_if_fields.ts";

/**
 * The what-if panel as HTML, filled with the report's assumptions. It is hidden until the page's script brings it to life.
 *
 * Measured defaults, such as the operating system's memory, stay empty and show their value as a hint.
 *
 * @param run Its sizing's assumptions fill the panel.
 */
export function whatIfForm({ summary, sizing }: SizedRun): string {
  const groups = WHAT_IF.map(({ legend, fields }) => {
    const entries = fields.map((field) => {
      const { [field.name]: own, ...others } = sizing.assumptions;
      const fallback = assume(summary, others)[field.name];
      const measured = field.name === "baseline_os_bytes" || field.name === "snapshots_per_session";
      if (field.kind === "shape") return shapeEntry(field, sizing.assumptions);
      return entry(field, measured && own === fallback ? "" : fieldText(field, own), hint(field, fallback));
    });
    return `<fieldset><legend>${legend}</legend>\n${entries.join("\n")}\n</fieldset>`;
  });
  return `<form id="what-if" hidden aria-labelledby="what-if-heading" autocomplete="off">
<h3 id="what-if-heading">What if?</h3>
<p>Change an assumption, and the same code as <code>plimsoll size</code> computes the answer, tables and charts of this
page anew. What is left empty is the default, or as measured.</p>
<div class="fields">
${groups.join("\n")}
</div>
<p id="if-error" role="alert" hidden></p>
<p id="if-status" role="status">As in the report.</p>
<div class="actions">
<button type="button" id="if-reset">Back to the report’s assumptions</button>
<p>The same on the command line: <code id="if-command"></code></p>
</div>
</form>`;
}

function hint(field: WhatIfField, value: Parameters<typeof fieldText>[1]): string {
  return typeof value === "number"
    ? String(Number(Number(fieldText(field, value)).toPrecision(4)))
    : fieldText(field, value);
}

function shapeEntry({ name, label }: WhatIfField, { shape, shapes }: Assumptions): string {
  const id = `if-${name}`;
  const known = shapes.length > 0 ? shapes : catalogue();
  const options = known.map((one) =>
    `<option value="${inertHtml(one.name)}"${one.name === shape ? " selected" : ""}>${
      inertHtml(`${one.name}: ${one.vcpus} vCPU, ${one.memory_gib} GiB`)
    }</option>`
  );
  return `<div class="field wide"><label for="${id}">${label}</label><select id="${id}" name="${name}">` +
    `<option value="">as needed</option>${options.join("")}</select></div>`;
}

function entry({ name, label, kind, slider, choices }: WhatIfField, value: string, fallback: string): string {
  const id = `if-${name.replaceAll("_", "-")}`;
  const head = `<label for="${id}">${inertHtml(label)}</label>`;
  if (kind === "switch") {
    const checked = value === "true" ? " checked" : "";
    return `<div class="field switch"><input type="checkbox" id="${id}" name="${name}"${checked}>${head}</div>`;
  }
  if (kind === "choice") {
    const options = choices!.map((choice) => `<option${choice === value ? " selected" : ""}>${choice}</option>`);
    return `<div class="field wide">${head}<select id="${id}" name="${name}">${options.join("")}</select></div>`;
  }
  const shown = `id="${id}" name="${name}" value="${inertHtml(value)}" placeholder="${inertHtml(fallback)}"`;
  if (kind === "targets") {
    return `<div class="field wide">${head}<input type="text" inputmode="numeric" ${shown}></div>`;
  }
  if (slider === undefined) return `<div class="field">${head}<input type="number" step="any" ${shown}></div>`;
  const [low, high, step] = slider;
  // The slider is for the pointer: keyboard and screen reader have the number, and its arrow keys.
  return `<div class="field">${head}<input type="number" step="${step}" ${shown}>` +
    `<input type="range" data-of="${name}" min="${low}" max="${high}" step="${step}" value="${
      inertHtml(value || fallback)
    }" tabindex="-1" aria-hidden="true"></div>`;
}
