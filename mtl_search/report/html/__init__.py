"""The report as one HTML page that needs nothing beside it."""

from __future__ import annotations

from mtl_search.report.html.page import to_html

__all__ = ["to_html"]
