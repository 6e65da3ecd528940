// Draws each chart anew with Vega, so that it answers to the pointer and fits the window. What cannot be drawn keeps
// the drawing that the page came with, and printing always uses that one.
(function () {
  "use strict";
  const LEAST_WIDTH = 120;
  const SETTLE_MS = 120;
  const tip = document.getElementById("tip");
  const charts = JSON.parse(document.getElementById("charts").textContent);

  function showTip(_handler, event, _item, value) {
    if (value === null || value === undefined || value === "") {
      tip.hidden = true;
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
    tip.replaceChildren(list);
    tip.hidden = false;
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = Math.max(8, Math.min(event.clientX + 14, room)) + "px";
    const below = event.clientY + 14;
    const fits = below + tip.offsetHeight < document.documentElement.clientHeight;
    tip.style.top = (fits ? below : Math.max(8, event.clientY - tip.offsetHeight - 10)) + "px";
  }

  function widthSignals(view) {
    return Object.keys(
      view.getState({ signals: (name) => /(^|_|child)width$/i.test(name), data: () => false }).signals,
    );
  }

  // Plots share one width, and what stands beside them (labels, numbers) does not change with it.
  async function fit(view, figure, names) {
    const svg = figure.querySelector(".live svg");
    const drawn = Number(svg.getAttribute("width"));
    const plot = view.signal(names[0]);
    const wanted = Math.max(LEAST_WIDTH, Math.floor(plot + figure.clientWidth - drawn));
    if (wanted === plot) return;
    for (const name of names) view.signal(name, wanted);
    await view.runAsync();
  }

  async function draw(figure) {
    const box = document.createElement("div");
    box.className = "live";
    figure.append(box);
    try {
      const runtime = vega.parse(charts[figure.dataset.chart], null, { ast: true });
      const view = new vega.View(runtime, {
        expr: expressionInterpreter,
        renderer: "svg",
        container: box,
        hover: true,
        logLevel: vega.Error,
        tooltip: showTip,
      });
      await view.runAsync();
      const names = widthSignals(view).filter((name) => view.signal(name) > 0);
      // Twice, for a legend that turns into a column changes what stands beside the plot.
      await fit(view, figure, names);
      await fit(view, figure, names);
      figure.classList.add("drawn");
      let timer;
      new ResizeObserver(function () {
        clearTimeout(timer);
        timer = setTimeout(function () {
          if (figure.clientWidth > 0) fit(view, figure, names);
        }, SETTLE_MS);
      }).observe(figure);
    } catch (_) {
      box.remove();
      figure.classList.remove("drawn");
    }
  }

  for (const figure of document.querySelectorAll("[data-chart]")) draw(figure);
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") tip.hidden = true;
  });
  document.addEventListener("scroll", function () {
    tip.hidden = true;
  }, { passive: true });
})();
