/// <reference lib="dom" />
import type { ChartSpec } from "../../plot/mod.ts";
import type { View } from "./vega.d.ts";

const LEAST_WIDTH = 120;
const SETTLE_MS = 120;
const views = new Map<HTMLElement, View>();
/** What was drawn last in each figure: an earlier drawing may be done later. */
const latest = new Map<HTMLElement, HTMLElement>();

// Advice on style is for whoever writes a chart.
const silent: Record<string, () => unknown> = Object.fromEntries(
  ["level", "error", "warn", "info", "debug"].map((name) => [name, () => silent]),
);

/**
 * Draws a chart with Vega, so that it answers to the pointer and fits the window. What cannot be drawn keeps the drawing
 * that the page came with.
 */
export async function drawChart(figure: HTMLElement, spec: ChartSpec): Promise<void> {
  const box = document.createElement("div");
  box.className = "drawing";
  // The figure's label says what it shows, and the tables hold the numbers: hundreds of marks would only be noise.
  box.setAttribute("aria-hidden", "true");
  figure.append(box);
  latest.set(figure, box);
  try {
    const runtime = vega.parse(vegaLite.compile(spec, { logger: silent }).spec, null, { ast: true });
    const view = new vega.View(runtime, {
      expr: expressionInterpreter,
      renderer: "svg",
      container: box,
      hover: true,
      logLevel: vega.Error,
      tooltip: showTip,
    });
    await view.runAsync();
    // Twice, for a legend that turns into a column changes what stands beside the plot.
    await fit(view, figure, box);
    await fit(view, figure, box);
    if (latest.get(figure) !== box) {
      view.finalize();
      box.remove();
      return;
    }
    figure.querySelector(".live")?.remove();
    box.className = "live";
    figure.classList.add("drawn");
    if (views.has(figure)) views.get(figure)!.finalize();
    else refit(figure);
    views.set(figure, view);
  } catch {
    box.remove();
  }
}

/** Draws the charts that the page came with; the pointer's tip goes with Escape and when the page moves. */
export function drawCharts(specs: Record<string, ChartSpec>): void {
  for (const figure of document.querySelectorAll<HTMLElement>("[data-chart]")) {
    drawChart(figure, specs[figure.dataset.chart!]);
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tip().hidden = true;
  });
  document.addEventListener("scroll", () => tip().hidden = true, { passive: true });
}

function refit(figure: HTMLElement): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const box = figure.querySelector<HTMLElement>(".live");
      if (figure.clientWidth > 0 && box !== null) fit(views.get(figure)!, figure, box);
    }, SETTLE_MS);
  }).observe(figure);
}

/** Plots share one width, and what stands beside them (labels, numbers) does not change with it. */
async function fit(view: View, figure: HTMLElement, box: HTMLElement): Promise<void> {
  const names = Object.keys(
    view.getState({ signals: (name) => /(^|_|child)width$/i.test(name), data: () => false }).signals,
  ).filter((name) => Number(view.signal(name)) > 0);
  const drawn = Number(box.querySelector("svg")!.getAttribute("width"));
  const plot = Number(view.signal(names[0]));
  const wanted = Math.max(LEAST_WIDTH, Math.floor(plot + figure.clientWidth - drawn));
  if (wanted === plot) return;
  for (const name of names) view.signal(name, wanted);
  await view.runAsync();
}

function tip(): HTMLElement {
  return document.getElementById("tip")!;
}

function showTip(_handler: unknown, event: MouseEvent, _item: unknown, value: unknown): void {
  const box = tip();
  if (value === null || value === undefined || value === "") {
    box.hidden = true;
    return;
  }
  const list = document.createElement("dl");
  for (const [name, content] of Object.entries(Object(value))) {
    const term = document.createElement("dt");
    const detail = document.createElement("dd");
    term.textContent = name;
    detail.textContent = String(content);
    list.append(term, detail);
  }
  box.replaceChildren(list);
  box.hidden = false;
  const { clientWidth, clientHeight } = document.documentElement;
  box.style.left = `${Math.max(8, Math.min(event.clientX + 14, clientWidth - box.offsetWidth - 8))}px`;
  const below = event.clientY + 14;
  const fits = below + box.offsetHeight < clientHeight;
  box.style.top = `${fits ? below : Math.max(8, event.clientY - box.offsetHeight - 10)}px`;
}
