"""Numbers as text, the same in the terminal, in pages, in plots and in MLflow."""

from mtl_search.analysis.formats.kinds import Kind, of_kind
from mtl_search.analysis.formats.numbers import (
    count,
    counted,
    depth,
    fixed,
    number,
    percent,
    points,
    rate,
    seconds,
    signed,
    skill,
    weights,
    with_interval,
)

__all__ = [
    "Kind",
    "count",
    "counted",
    "depth",
    "fixed",
    "number",
    "of_kind",
    "percent",
    "points",
    "rate",
    "seconds",
    "signed",
    "skill",
    "weights",
    "with_interval",
]
