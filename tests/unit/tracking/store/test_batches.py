"""A run's values go in as few requests as MLflow accepts."""

from __future__ import annotations

from mtl_search.tracking.mapping import MetricPoint
from mtl_search.tracking.store.batches import batches


def test_each_kind_has_its_limit_and_points_stay_in_order() -> None:
    points = [MetricPoint("loss", 0.5, 1_700_000_000_000, step) for step in range(1700)]
    params = {f"p{number}": "1" for number in range(150)}
    parts = list(batches(points, params, {"a": "b"}))
    assert [tuple(map(len, part)) for part in parts] == [(800, 100, 1), (800, 50, 0), (100, 0, 0)]
    assert [metric.step for metrics, _, _ in parts for metric in metrics] == list(range(1700))


def test_nothing_takes_no_request() -> None:
    assert list(batches([], {}, {})) == []
