// Draw the plots of a notebook, whose values stand in the page.
for (const values of document.querySelectorAll("script[data-plot]")) {
  const { data, layout } = JSON.parse(values.textContent);
  Plotly.newPlot(values.dataset.plot, data, layout, { responsive: true, displaylogo: false });
}
