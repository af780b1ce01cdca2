// Plots: drawn when they come into sight, in the colours of the page.
"use strict";

class Plot {
  constructor(figure) {
    this.figure = figure;
    this.canvas = figure.querySelector(".canvas");
    this.isDrawn = false;
  }

  // What follows the theme: everything but the colours of the data.
  template() {
    const style = getComputedStyle(this.figure);
    const axis = {
      gridcolor: style.borderTopColor, zerolinecolor: style.borderTopColor,
      linecolor: style.borderTopColor, automargin: true,
    };
    return {
      layout: {
        paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
        font: { color: style.color, family: getComputedStyle(document.body).fontFamily, size: 13 },
        xaxis: axis, yaxis: axis, hoverlabel: { align: "left" },
        margin: { l: 60, r: 20, t: 30, b: 50 },
      },
    };
  }

  layout(width) {
    const layout = structuredClone(this.tree.layout);
    layout.template = this.template();
    if (width) { layout.width = width; layout.autosize = false; }
    else { layout.autosize = true; }
    return layout;
  }

  draw(width) {
    this.tree ??= JSON.parse(this.figure.querySelector("script.figure").textContent);
    const settings = {
      responsive: true, displaylogo: false, doubleClick: "reset",
      displayModeBar: false,
    };
    this.isDrawn = true;
    Plotly.react(this.canvas, structuredClone(this.tree.data), this.layout(width), settings);
  }
}

const plots = [...document.querySelectorAll("figure.plot")].map((figure) => new Plot(figure));

if (plots.length) {
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
}
