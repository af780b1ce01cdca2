// Plots: drawn when they come into sight, in the colours of the page.
"use strict";

class Plot {
  constructor(figure) {
    this.figure = figure;
    this.canvas = figure.querySelector(".canvas");
    this.isDrawn = false;
  }

  read() {
    if (this.tree) return;
    this.tree = JSON.parse(this.figure.querySelector("script.figure").textContent);
    // Menus of the page in place of plotly's, which have no use for a keyboard.
    const menus = this.tree.layout.updatemenus ?? [];
    delete this.tree.layout.updatemenus;
    this.menus = menus.map((menu) => this.addMenu(menu));
    // Room for the menu; a note above the plot keeps its own.
    const notes = this.tree.layout.annotations || [];
    if (menus.length && this.tree.layout.margin) this.tree.layout.margin.t = notes.length ? 28 : 12;
  }

  addMenu(menu) {
    const label = document.createElement("label");
    const select = document.createElement("select");
    menu.buttons.forEach((button) => {
      const text = (button.label ?? "").replaceAll("&lt;", "<");
      select.add(new Option(text));
    });
    select.selectedIndex = menu.active ?? 0;
    label.className = "menu";
    label.append("Show ", select);
    this.figure.prepend(label);
    const apply = () => {
      const button = menu.buttons[select.selectedIndex];
      Plotly[button.method ?? "restyle"](this.canvas, ...structuredClone(button.args));
    };
    select.addEventListener("change", apply);
    return apply;
  }

  // The colours of the page for text and lines; those of the data are the figure's.
  template() {
    const style = getComputedStyle(this.figure);
    const { color, borderTopColor: line } = style;
    const template = structuredClone(this.tree.layout.template ?? {});
    const layout = template.layout ??= {};
    const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true };
    Object.assign(layout, { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" });
    layout.font = { ...layout.font, color, family: getComputedStyle(document.body).fontFamily };
    layout.xaxis = { ...layout.xaxis, ...axis };
    layout.yaxis = { ...layout.yaxis, ...axis };
    layout.hoverlabel = { ...layout.hoverlabel, align: "left" };
    // A finger scrolls the page; a mouse may zoom.
    layout.dragmode = matchMedia("(pointer: fine)").matches ? "zoom" : false;
    return template;
  }

  layout(width) {
    const layout = structuredClone(this.tree.layout);
    layout.template = this.template();
    layout.autosize = !width;
    if (width) layout.width = width;
    return layout;
  }

  draw(width) {
    this.read();
    const settings = {
      responsive: true, displaylogo: false, doubleClick: "reset", displayModeBar: false,
    };
    this.isDrawn = true;
    Plotly.react(this.canvas, structuredClone(this.tree.data), this.layout(width), settings);
    this.menus.forEach((apply) => apply());
  }
}

const plots = [...document.querySelectorAll("figure.plot")].map((figure) => new Plot(figure));

// plotly.js stands in the page packed by gzip, as base64.
async function loadPlotly() {
  const packed = atob(document.getElementById("plotly").textContent.trim());
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(unpacked).text();
  document.head.append(script);
}

function watch() {
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      observer.unobserve(entry.target);
      const plot = plots.find((one) => one.figure === entry.target);
      if (!plot.isDrawn) plot.draw();
    }
  }, { rootMargin: "400px" });
  plots.forEach((plot) => observer.observe(plot.figure));
  theme.listeners.push(() => plots.filter((plot) => plot.isDrawn).forEach((plot) => plot.draw()));
  // A4 without its margins has 182 mm, which are 688 pixels.
  addEventListener("beforeprint", () => {
    document.documentElement.style.colorScheme = "light";
    plots.forEach((plot) => plot.draw(680));
  });
  addEventListener("afterprint", () => {
    document.documentElement.style.colorScheme = "";
    plots.forEach((plot) => plot.draw());
  });
  document.documentElement.dataset.plots = "ready";
}

if (plots.length) loadPlotly().then(watch);
