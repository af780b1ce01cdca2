"""Plots of the page: what plotly draws, without markup that comes from a sweep."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots import FIGURES

# What plotly reads as markup in texts. All other tags are shown as they are written: a link in the
# name of a task must not lead anywhere.
_MARKUP = re.compile(r"<(?!/?(?:br|b|i|sub|sup|extra)\s*/?>)", re.IGNORECASE)


def figure_of(view: View) -> dict[str, Any] | None:
    """Return what plotly draws of a view, as plain JSON types; None where it has no plot.

    Args:
        view: The view.
    """
    draw = FIGURES.get(view.name)
    figure = draw(view) if draw is not None and view.rows else None
    if figure is None:
        return None
    return plain_figure(figure)


def plain_figure(figure: go.Figure) -> dict[str, Any]:
    """Return data and layout of a figure as plain JSON types, without markup and title.

    The page has headings of its own; its scripts put the colours of text and lines in place of
    those of the figure's template.

    Args:
        figure: The figure.
    """
    tree = harmless(json.loads(figure.to_json()))
    layout = {key: value for key, value in tree["layout"].items() if key != "title"}
    return {"data": tree["data"], "layout": layout}


def height_of(tree: Mapping[str, Any]) -> int:
    """Return the height that a plot asks for, in pixels.

    Args:
        tree: The figure as plain JSON types.

    Examples:
        >>> height_of({"layout": {"height": 300}}), height_of({"layout": {}})
        (300, 420)
    """
    layout = tree["layout"]
    template = layout.get("template", {}).get("layout", {})
    return int(layout.get("height") or template.get("height") or 420)


def harmless(node: Any) -> Any:
    """Return a tree whose texts have no markup but line breaks, bold, italic and small letters.

    Numbers get six digits.

    Args:
        node: Plain JSON types.

    Examples:
        >>> harmless({"text": ["a<br>b", "<a href='x'>"]})
        {'text': ['a<br>b', "&lt;a href='x'>"]}
    """
    if isinstance(node, dict):
        return {key: harmless(value) for key, value in node.items()}
    if isinstance(node, list):
        return [harmless(value) for value in node]
    if isinstance(node, float):
        return float(f"{node:.6g}")  # more digits than pixels
    return _MARKUP.sub("&lt;", node) if isinstance(node, str) else node
