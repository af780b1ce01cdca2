"""The report of a sweep as a terminal shows it."""

from __future__ import annotations

import io

from rich.console import Console

from mtl_search.analysis.evidence import Evidence
from mtl_search.config import Config
from mtl_search.report import render
from mtl_search.storage.records import SweepRecord


def report_text(record: SweepRecord, settings: Config, width: int = 120) -> str:
    stream = io.StringIO()
    render(Evidence.of(record, settings), Console(file=stream, width=width, force_terminal=False))
    return stream.getvalue()
