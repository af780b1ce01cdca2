"""What a sweep has found: as a table, on a terminal, as JSON."""

from mtl_search.analysis.leaderboard import leaderboard
from mtl_search.report.export import to_json
from mtl_search.report.render import render

__all__ = ["leaderboard", "render", "to_json"]
