"""A run of a trial that began and ended before MLflow heard of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtl_search.tracking.mapping import MetricPoint


@dataclass(frozen=True)
class EndedRun:
    """Hold all that MLflow is to have of a run.

    Attributes:
        name: Name of the run.
        tags: Its tags.
        params: Its params.
        points: Its metrics.
        status: How it ended.
        started: When it began, as Unix time in milliseconds.
        ended: When it ended.
    """

    name: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    points: Sequence[MetricPoint]
    status: str
    started: int
    ended: int
