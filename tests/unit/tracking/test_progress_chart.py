"""The charts of the sweep's run show the best objective so far."""

from __future__ import annotations

from pathlib import Path

from mtl_search.storage.events import Event, ObjectivesRecomputed, TrialEnded
from mtl_search.storage.records import SweepRecord
from mtl_search.tracking.mapping import MetricPoint
from mtl_search.tracking.progress_chart import ENDED, ProgressChart
from tests.support.recorded_sweeps import Builder


def charted(folder: Path) -> tuple[ProgressChart, list[MetricPoint], Builder]:
    chart, points = ProgressChart(), list[MetricPoint]()

    def observe(event: Event, record: SweepRecord) -> None:
        if isinstance(event, TrialEnded):
            points.extend(chart.points(record.trials[event.id], event))
        elif isinstance(event, ObjectivesRecomputed):
            chart.recompute(event)

    return chart, points, Builder(folder / "journal.jsonl", observers=[observe]).sweep()


def values(points: list[MetricPoint], name: str) -> list[float]:
    return [point.value for point in points if point.name == name]


def test_the_best_so_far_of_each_arm(tmp_path: Path) -> None:
    chart, points, builder = charted(tmp_path)
    for number, value in enumerate([0.5, 0.75, 0.625]):
        builder.trial("search", number, value)
    builder.trial("search", 3, 0.99, state="FAIL")
    builder.trial("equal", 0, 0.25)
    assert values(points, "objective/search") == [0.5, 0.75, 0.75]
    assert values(points, "objective/equal") == [0.25]
    assert values(points, ENDED) == [1, 2, 3, 4, 5]
    assert points[-1].name == ENDED
    chart.arrived = 4
    assert {point.step for point in chart.missing(points)} == {5}


def test_an_objective_that_has_changed_counts_from_then_on(tmp_path: Path) -> None:
    _, points, builder = charted(tmp_path)
    trial = builder.trial("search", 0, 0.9)
    builder.event("judged", id=trial, objectives=[(1, 0.1), (3, 0.3)])
    builder.trial("search", 1, 0.5)
    assert values(points, "objective/search") == [0.9, 0.5]
