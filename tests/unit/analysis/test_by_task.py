"""One row a main task."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.by_task import task_rows, worst_task
from mtl_search.analysis.judge import judge
from mtl_search.storage.records import SweepRecord
from tests.support.recorded_sweeps import TASKS, Builder, config, whole

METRICS = dict.fromkeys(TASKS, ("accuracy",))


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "journal.jsonl").sweep()


def test_figures_are_those_of_the_verdict(builder: Builder) -> None:
    whole(builder.scales({"left": 0.1, "right": 0.2, "same": 0.5}), seeds=5, twins=True, items=200)
    record = builder.sweep_record
    verdict = judge(record, config(), builder.path.parent)
    rows = task_rows(record, METRICS, verdict)
    assert [(row.task, row.metric, row.trivial) for row in rows] == [
        ("left", "accuracy", 0.1),
        ("right", "accuracy", 0.2),
        ("same", "accuracy", 0.5),
    ]
    for row in rows:
        assert (
            row.single
            == verdict.winners[f"single/{row.task}"].test[f"test/{row.task}/accuracy"].mean
        )
        assert row.twin == pytest.approx(0.9, abs=0.005)
        assert row.single is not None
        assert row.shared is not None
        # The skill is the accuracy on a scale of the length 1 - trivial.
        assert row.trivial is not None
        assert row.gain == pytest.approx((row.shared - row.single) / (1 - row.trivial), abs=1e-6)
        assert row.delta_m == pytest.approx(row.shared / row.single - 1)
        assert row.interval is not None
        assert row.gain is not None
        assert row.interval[0] < row.gain < row.interval[1]
        claim = verdict.claims[f"task {row.task}"]
        assert (row.p_value, row.holds) == (claim.p_value, claim.holds)
    assert rows[2].gain is not None
    assert rows[0].gain is not None
    assert rows[2].gain > rows[0].gain
    assert verdict.sharing is not None
    assert worst_task(verdict.sharing) in ("left", "right")


def test_a_sweep_without_finalists_has_empty_rows(builder: Builder) -> None:
    builder.trial("search", 0, 0.8)
    record = builder.sweep_record
    (row, *_) = task_rows(record, METRICS, judge(record, config()))
    assert (row.single, row.twin, row.shared, row.gain, row.p_value) == (None,) * 5
    assert row.references == {}


def test_a_sweep_without_singles_shows_what_is_shared(builder: Builder) -> None:
    for number in range(2):
        builder.finalist("equal", number, dict.fromkeys(TASKS, 0.8))
    record = builder.sweep_record
    (row, *_) = task_rows(record, METRICS, judge(record, config()))
    assert row.shared == pytest.approx(0.8)
    assert (row.single, row.gain) == (None, None)


def test_references_are_those_of_the_test_split() -> None:
    models = {
        "linear": {"val/left/accuracy": 0.7, "test/left/accuracy": 0.6},
        "gradient_boosting": {"val/left/accuracy": 0.8},  # its test labels are all of one class
    }
    record = SweepRecord(baselines={"left": models})
    rows = task_rows(record, METRICS, judge(record, config()))
    assert [row.references for row in rows] == [{"linear": 0.6}, {}, {}]


def test_a_single_task_is_not_the_worst_of_itself(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "one.jsonl", ("left",)).sweep().scales()
    settings = config(tasks=("left",))
    for number in range(2):
        builder.finalist("single/left", number, {"left": 0.8 + 0.01 * number})
        builder.finalist("search", number, {"left": 0.8 + 0.02 * number})
    sharing = judge(builder.sweep_record, settings).sharing
    assert sharing is not None
    assert worst_task(sharing) is None
