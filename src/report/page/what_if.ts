/// <reference lib="dom" />
import type { Assumptions, Sizing } from "../../schema/mod.ts";
import { assume, catalogue, size } from "../../size/mod.ts";
import { answerHtml, bareSpec, figureHtml, SIZING_TABLES, sizingTableHtml } from "../page_parts.ts";
import type { ReportChart } from "../report_parts.ts";
import { type SizedRun, sizingCharts, sizingTables } from "../sizing_content.ts";
import { readField, WHAT_IF_FIELDS, type WhatIfField } from "../what_if_fields.ts";
import { drawChart } from "./charts.ts";

declare global {
  /** The sizing that the page shows, for whoever wants to look at it from the outside. */
  var plimsoll: { sizing: Sizing };
}

const SETTLE_MS = 150;

/**
 * Brings the what-if panel to life: every change sizes anew, with `size` itself, and sets the result into the page.
 *
 * The state is kept in the address, so that it can be sent. `window.plimsoll.sizing` is the sizing that is shown.
 */
export function startWhatIf(run: SizedRun): void {
  const form = document.getElementById("what-if") as HTMLFormElement | null;
  if (form === null) return;
  const controls = new Map(
    WHAT_IF_FIELDS.map((field) => [field, form.elements.namedItem(field.name) as HTMLInputElement]),
  );
  const initial = new Map([...controls].map(([field, control]) => [field, textOf(control)]));
  const others = Object.fromEntries(
    Object.entries(run.sizing.assumptions).filter(([name]) => !WHAT_IF_FIELDS.some((field) => field.name === name)),
  ) as Partial<Assumptions>;
  marked = String(run.sizing.assumptions.targets);
  let timer: ReturnType<typeof setTimeout> | undefined;

  function update(first = false): void {
    const changed = [...controls].filter(([field, control]) => textOf(control) !== initial.get(field));
    for (const [{ name }, control] of controls) slide(form!, name, control);
    let said: Partial<Assumptions>;
    let sizing: Sizing;
    try {
      said = withShapes({ ...others, ...read(controls) });
      sizing = changed.length === 0 ? run.sizing : size(run.summary, run.fit, said);
    } catch (error) {
      refuse(controls, error as Error);
      return;
    }
    refuse(controls);
    element("if-command").replaceChildren(...command(run, said).flatMap((part) => [unbroken(part), " "]));
    globalThis.plimsoll = { sizing };
    if (first && changed.length === 0) return;
    show({ ...run, sizing }, changed.map(([field, control]) => inWords(field, control)));
    keepInAddress(changed);
    clearTimeout(timer);
    timer = setTimeout(() => redraw({ ...run, sizing }), SETTLE_MS);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target }) => {
    const { dataset, value } = target as HTMLInputElement;
    if (dataset.of !== undefined) (form.elements.namedItem(dataset.of) as HTMLInputElement).value = value;
    update();
  });
  element("if-reset").addEventListener("click", () => {
    form.reset();
    update();
  });
  const address = new URLSearchParams(location.hash.slice(1));
  for (const [{ name }, control] of controls) {
    const value = address.get(name);
    if (value === null) continue;
    if (control.type === "checkbox") control.checked = value === "true";
    else control.value = value;
  }
  form.hidden = false;
  update(true);
}

function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}

function textOf(control: HTMLInputElement): string {
  return control.type === "checkbox" ? String(control.checked) : control.value;
}

function slide(form: HTMLFormElement, name: string, { value, placeholder }: HTMLInputElement): void {
  const slider = form.querySelector<HTMLInputElement>(`[data-of="${name}"]`);
  if (slider !== null) slider.value = value === "" ? placeholder : value;
}

function read(controls: ReadonlyMap<WhatIfField, HTMLInputElement>): Partial<Assumptions> {
  return Object.fromEntries([...controls].flatMap(([field, control]) => {
    // A number that the browser cannot read shows as typed, but reads as nothing.
    const value = readField(field, control.validity.badInput ? "?" : textOf(control));
    return value === undefined ? [] : [[field.name, value]];
  }));
}

/** A shape may be named without a list, as on the command line: then the catalogues' is meant. */
function withShapes(said: Partial<Assumptions>): Partial<Assumptions> {
  if (said.shape === undefined || (said.shapes ?? []).length > 0) return said;
  return { ...said, shapes: catalogue().filter(({ name }) => name === said.shape) };
}

/** Says what is wrong and at which field; without an error takes that back. */
function refuse(controls: ReadonlyMap<WhatIfField, HTMLInputElement>, error?: Error): void {
  const place = element("if-error");
  let message = error?.message ?? "";
  for (const [{ name, label, kind }, control] of controls) {
    const named = new RegExp(`\\b${name}\\b`).test(message);
    if (named) {
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", place.id);
      message = message.replace(name, label.replace(/ \[.*/, "")) + (kind === "percent" ? " (0.65 is 65 %)" : "");
    } else {
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-describedby");
    }
  }
  place.textContent = message === "" ? "" : `${message}. Shown is the last sizing that could be had.`;
  place.hidden = message === "";
}

function inWords({ label }: WhatIfField, control: HTMLInputElement): string {
  const [, name, unit = ""] = /^(.*?)(?: \[(.*)\])?$/.exec(label)!;
  const value = control.type === "checkbox" ? control.checked ? "yes" : "no" : control.value || "as measured";
  return `${name[0].toLowerCase()}${name.slice(1)} ${value}${unit === "" ? "" : ` ${unit}`}`;
}

function show(run: SizedRun, changes: readonly string[]): void {
  const content = sizingTables(run);
  element("answer").innerHTML = answerHtml(content.answers);
  for (const name of SIZING_TABLES) element(`${name}-table`).innerHTML = sizingTableHtml(content, name);
  const reach = element("reach");
  reach.replaceChildren(...content.reach.map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  }));
  reach.hidden = content.reach.length === 0;
  element("caveats").hidden = document.querySelector("#caveats li") === null;
  const banner = element("changed");
  banner.textContent = changes.length === 0 ? "" : `With assumptions changed in this page: ${changes.join("; ")}.`;
  banner.hidden = changes.length === 0;
  element("if-status").textContent = changes.length === 0
    ? "As in the report."
    : `Changed: ${changes.join("; ")}. ${content.answers.join(" ")}`;
}

let marked: string | undefined;

/** The charts that show assumptions or what follows from them; demands only where other targets are to be marked. */
function redraw(run: SizedRun): void {
  const { sizingChart, diskChart, demands } = sizingCharts(run);
  const targets = String(run.sizing.assumptions.targets);
  const moved = targets !== marked;
  marked = targets;
  const charts: [id: string, chart: ReportChart | undefined][] = [
    ["sizing", sizingChart],
    ["disk-by-retention", diskChart],
    ...(moved ? demands : []).map((one): [string, ReportChart] => [one.id, one]),
  ];
  for (const [id, chart] of charts) {
    const slot = element(`${id}-slot`);
    slot.hidden = chart === undefined;
    if (chart === undefined) continue;
    if (slot.querySelector("figure") === null) slot.innerHTML = figureHtml(chart, "");
    const box = slot.querySelector<HTMLElement>("[data-chart]");
    if (box === null) continue;
    slot.querySelector("h3")!.textContent = chart.title;
    slot.querySelector("figcaption p")!.textContent = chart.text;
    box.setAttribute("aria-label", `${chart.title}. ${chart.text}`);
    box.classList.add("changed");
    drawChart(box, bareSpec(chart));
  }
}

/** Lines break between flags, not within. */
function unbroken(words: string): HTMLElement {
  const box = document.createElement("span");
  box.textContent = words;
  return box;
}

/** What `plimsoll size` is to be told, in parts: only what it would not assume by itself. */
function command({ summary }: SizedRun, said: Partial<Assumptions>): string[] {
  const flags = WHAT_IF_FIELDS.flatMap((field) => {
    const value = said[field.name];
    if (value === undefined || value === false) return [];
    const without = assume(summary, { ...said, [field.name]: undefined })[field.name];
    if (String(value) === String(without)) return [];
    return value === true ? [`--${field.flag}`] : [`--${field.flag} ${value}`];
  });
  return ["plimsoll size", quoted(summary.run), ...flags];
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function keepInAddress(changed: readonly [WhatIfField, HTMLInputElement][]): void {
  const state = new URLSearchParams(changed.map(([{ name }, control]) => [name, textOf(control)])).toString();
  if (state !== "" || location.hash.includes("=")) {
    history.replaceState(null, "", state === "" ? location.pathname + location.search : `#${state}`);
  }
}
