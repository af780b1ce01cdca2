from __future__ import annotations

from pathlib import Path

import pytest
from scipy import stats

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.sensitivity import sensitivity
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder, whole


def test_the_correlation_is_that_of_scipy(evidence: Evidence) -> None:
    view = sensitivity(evidence)
    assert view is not None
    x, y = zip(*((row["ratio"], row["skill"]) for row in view.rows), strict=True)
    assert view.about["correlation"]["right"] == pytest.approx(stats.spearmanr(x, y).statistic)
    assert view.about["left_out"] == 0
    assert sorted({row["ratio"] for row in view.rows}) == pytest.approx([0.25, 1.0, 4.0])


def test_means_are_over_ranges_of_the_ratio(evidence: Evidence) -> None:
    view = sensitivity(evidence)
    assert view is not None
    for point in view.about["means"]["right"]:
        values = [
            row["skill"] for row in view.rows if row["ratio"] == pytest.approx(point["ratio"])
        ]
        assert point["trials"] == len(values)
        assert point["mean"] == pytest.approx(sum(values) / len(values))


def test_weights_that_were_not_varied_show_nothing(tmp_path: Path) -> None:
    assert sensitivity(evidence_of(whole(Builder(tmp_path / "journal.jsonl")))) is None


def test_what_chance_may_give_is_said_so(tmp_path: Path) -> None:
    """Trials that are better with more weight: twenty of them show it, four do not."""
    for count, is_shown in ((4, False), (20, True)):
        builder = Builder(tmp_path / f"{count}.jsonl", ("left", "right")).sweep().scales()
        for number in range(count):
            ratio = 0.5 * 1.2**number
            value = 0.7 + 0.01 * number if number % 4 else 0.75
            weights = {"left": 1.0, "right": ratio}
            drawn = {"tasks.right.loss_weight": (ratio, 0.1, 100.0)}
            builder.trial("search", number, value, drawn=drawn, weights=weights)
        view = sensitivity(evidence_of(builder))
        assert view is not None
        assert ("more weight on it was better" in view.summary) == is_shown
        assert ("chance alone may give" in view.summary) != is_shown
