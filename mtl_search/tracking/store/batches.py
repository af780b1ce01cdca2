"""Values of a run in batches that MLflow accepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, TypeVar

from mtl_search.tracking.mapping import MetricPoint

T = TypeVar("T")

# Items a request. MLflow's limits are 100 params, 100 tags, and 1000 of all three kinds together.
_MAX_METRICS = 800
_MAX_PARAMS = 100
_MAX_TAGS = 100


def batches(
    points: Sequence[MetricPoint], params: Mapping[str, str], tags: Mapping[str, str]
) -> Iterator[tuple[Sequence[Any], Sequence[Any], Sequence[Any]]]:
    """Iterate over metrics, params and tags as `log_batch` takes them; points stay in order.

    Args:
        points: The points.
        params: Name → value.
        tags: Name → value.
    """
    from mlflow.entities import Metric, Param, RunTag

    all_metrics = [Metric(p.name, p.value, p.time, p.step) for p in points]
    all_params = [Param(*item) for item in params.items()]
    all_tags = [RunTag(*item) for item in tags.items()]
    yield from zip_longest(
        _parts(all_metrics, _MAX_METRICS),
        _parts(all_params, _MAX_PARAMS),
        _parts(all_tags, _MAX_TAGS),
        fillvalue=(),
    )


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
