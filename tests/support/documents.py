"""Reports for tests: recorded sweeps as documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views import Column, View, all_views
from mtl_search.config import to_yaml
from mtl_search.report.document import Document
from tests.support.recorded_sweeps import Builder, config

HOSTILE = "</script><script>window.hacked=1</script>\"'><img src=x onerror=window.hacked=1>&amp;"


def recorded(
    folder: Path, builder: Builder, views: Sequence[View] | None = None, name: str = "demo"
) -> Document:
    """The report of a recorded sweep, whose config is written into its folder."""
    settings = config(name, builder.tasks)
    (folder / "config.yaml").write_text(to_yaml(settings))
    evidence = Evidence.of(builder.sweep_record, settings, folder)
    return Document(evidence, all_views(evidence) if views is None else views, folder)


def long_view(rows: int, name: str = "long", text: str = "trial") -> View:
    """A view with a text, a number and a gain a row."""
    columns = [
        Column("trial", "trial", help="Its id."),
        Column("loss", "loss", "number"),
        Column("gain", "gain", "points"),
    ]
    values = [
        {"trial": f"{text} {n}", "loss": 1 / (n + 3), "gain": None if n % 7 == 0 else n / 1e4}
        for n in range(rows)
    ]
    return View(name, "All of it", f"There are {rows} rows.", columns, values, note="Read it.")
