"""The observer that sets Ray's metrics: it never ends a sweep."""

from __future__ import annotations

import logging

import pytest
import ray

from mtl_search.search.monitoring import exporter
from mtl_search.search.monitoring.exporter import MetricsExporter, ray_setter
from mtl_search.search.monitoring.figures import Sample
from mtl_search.storage.events import SweepStarted
from mtl_search.storage.records import SweepRecord
from tests.support.recorded_sweeps import config

STARTED = SweepStarted(id="0123456789ab", name="demo", slots=2, budget={"equal": 3})


@pytest.fixture
def samples(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """Everything that is set."""
    found: list[tuple[str, float]] = []

    def put(sample: Sample, sweep: str) -> None:
        assert sweep == "demo-2"
        found.append((sample.metric.name, sample.value))

    monkeypatch.setattr(exporter, "ray_setter", lambda: put)
    return found


def _record() -> SweepRecord:
    record = SweepRecord()
    record.apply(STARTED)
    return record


def test_samples_and_unsent_events_are_set(samples: list[tuple[str, float]]) -> None:
    observer = MetricsExporter(config(), "demo-2", lambda: 7)
    observer.observe(STARTED, _record())
    assert ("mtl_search_slots", 2) in samples
    assert samples[-1] == ("mtl_search_mlflow_unsent_events", 7)
    count = len(samples)
    observer.observe(STARTED, _record())
    unsent = [name for name, _ in samples[count:] if "unsent" in name]
    assert not unsent, "it is asked for once a second"


def test_a_failure_is_told_once_and_the_sweep_goes_on(
    samples: list[tuple[str, float]], caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> int:
        raise OSError("no such agent")

    observer = MetricsExporter(config(), "demo-2", fail)
    with caplog.at_level(logging.WARNING):
        observer.observe(STARTED, _record())
        count = len(samples)
        observer.observe(STARTED, _record())
    assert len(samples) == count
    assert [record.message for record in caplog.records] == [
        "no metrics of this sweep from now on: no such agent"
    ]


def test_without_ray_or_its_metrics_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    assert ray_setter() is None
    observer = MetricsExporter(config(), "demo-2", lambda: pytest.fail("asked"))
    observer.observe(STARTED, _record())


def test_a_node_that_exports_nothing_gets_nothing(
    ray_cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = [{**node, "MetricsExportPort": 0} for node in ray.nodes()]
    assert ray_setter() is not None
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    assert ray_setter() is None
