"""Plots of the page: what plotly draws, without markup that comes from a sweep."""

from __future__ import annotations

import json
import re
from typing import Any

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
    tree: dict[str, Any] = harmless(json.loads(figure.to_json()))
    layout = tree.get("layout", {})
    # The page has a heading, and colours for light and dark.
    layout.pop("title", None)
    layout.pop("template", None)
    return {"data": tree.get("data", []), "layout": layout}


def harmless(node: Any) -> Any:
    """Return a tree whose texts have no markup but line breaks, bold, italic and small letters.

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
    return _MARKUP.sub("&lt;", node) if isinstance(node, str) else node
