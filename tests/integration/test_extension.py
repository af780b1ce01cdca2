"""A finished sweep gets more trials: the old ones stay, every arm grows, and the references are
those of all trials.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search import ConfigError, SweepError, run
from mtl_search.storage.records import SweepRecord
from tests.support.sweeps import ASHA, assert_mirrored, assert_sound, outcome, tiny, whole_lines

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("ray_cluster")]


@pytest.mark.parametrize("changes", [{"search.objective": "delta_m"}, ASHA])
def test_a_finished_sweep_is_extended(runs: Path, changes: dict[str, Any]) -> None:
    sweep = runs / "tiny"
    first = run(tiny(changes), output=sweep).record
    before = whole_lines(sweep)

    result = run(tiny(changes), {"search.trials": 10}, output=sweep, resume=True)
    assert whole_lines(sweep).startswith(before)
    record = assert_sound(sweep)
    for arm, count in {"single/colour": 5, "single/size": 5, "equal": 10, "search": 10}.items():
        assert sum(not trial.is_offered for trial in record.arm(arm)) == count
    is_by_reference = "search.objective" in changes
    judged = _unjudged if is_by_reference else outcome  # nothing changes the skill of a trial
    old = judged(first)
    assert {name: trial for name, trial in judged(record).items() if name in old} == old
    assert_mirrored(sweep)
    if is_by_reference:
        _assert_judged_by_the_best_single_networks(record)
    else:
        _assert_judged_by_skill(record)

    # Finalists are added for new winners only, each with both seeds.
    for arm in ("single/colour", "single/size", "equal", "search"):
        origins = [trial.origin for trial in record.arm(f"final/{arm}")]
        earlier = {trial.origin for trial in first.arm(f"final/{arm}")}
        winner = result.trials.query(f"arm == '{arm}' and state == 'COMPLETE'").iloc[0]["trial"]
        assert set(origins) == earlier | {winner}
        assert all(origins.count(origin) == 2 for origin in origins)


def _assert_judged_by_the_best_single_networks(record: SweepRecord) -> None:
    """All trials, old and new, are judged by the references of all single-task trials."""
    best = {
        t: max(record.arm(f"single/{t}"), key=lambda x: x.objective or -1e9).best
        for t in ("colour", "size")
    }
    colour, size = best["colour"], best["size"]
    assert colour is not None
    assert size is not None
    for trial in record.arm("search"):
        epoch = trial.epochs[0]
        gain_colour = (
            epoch.metrics["val/colour/accuracy"] / colour.metrics["val/colour/accuracy"] - 1
        )
        gain_size = 1 - epoch.metrics["val/size/mae"] / size.metrics["val/size/mae"]
        assert epoch.best_objective == pytest.approx((gain_colour + gain_size) / 2)


def _assert_judged_by_skill(record: SweepRecord) -> None:
    """0 is what the best constant prediction of the training split gets, 1 is perfect."""
    (majority, best), (deviation, least) = (
        record.scales[key] for key in ("colour/accuracy", "size/mae")
    )
    assert (best, least) == (1, 0)
    for trial in record.arm("search"):
        epoch = trial.epochs[0]
        colour = (epoch.metrics["val/colour/accuracy"] - majority) / (1 - majority)
        size = 1 - epoch.metrics["val/size/mae"] / deviation
        expected = (max(colour, -1) + max(size, -1)) / 2
        assert epoch.best_objective == pytest.approx(expected)


def _unjudged(record: SweepRecord) -> dict[str, dict[str, Any]]:
    """The outcome, but for the objectives, which are worked out again."""
    return {
        name: trial | {"epochs": [(number, metrics) for number, _, metrics in trial["epochs"]]}
        for name, trial in outcome(record).items()
    }


def test_a_sweep_is_extended_to_what_it_would_have_been(runs: Path) -> None:
    """Without references that change, the order in which trials were asked for does not matter."""
    changes = {"search.arms": ["equal"], "search.finalists.top": 0, **ASHA}
    run(tiny({**changes, "search.trials": 3}), output=runs / "extended")
    run(tiny({**changes, "search.trials": 8}), output=runs / "extended", resume=True)
    run(tiny({**changes, "search.trials": 8}), output=runs / "whole")
    assert outcome(assert_sound(runs / "extended")) == outcome(assert_sound(runs / "whole"))


def test_what_cannot_go_on_is_refused(runs: Path) -> None:
    sweep, few = (
        runs / "tiny",
        {"search.arms": ["equal"], "search.trials": 2, "search.finalists.top": 0},
    )
    with pytest.raises(SweepError, match="no sweep"):
        run(tiny(few), output=sweep, resume=True)
    run(tiny(few), output=sweep)
    content = {file: file.read_bytes() for file in (sweep / "config.yaml", sweep / "journal.jsonl")}
    with pytest.raises(SweepError, match="holds a sweep already"):
        run(tiny(few), output=sweep)
    with pytest.raises(ConfigError, match=r"training\.epochs"):
        run(tiny(few), {"training.epochs": 7}, output=sweep, resume=True)
    with pytest.raises(ConfigError, match=r"search\.trials"):
        run(tiny(few), {"search.trials": 1}, output=sweep, resume=True)
    assert {file: file.read_bytes() for file in content} == content
    assert_mirrored(sweep)
