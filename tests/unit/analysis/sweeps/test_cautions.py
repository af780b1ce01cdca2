"""What stands against a comparison: each reason is found, and only where it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mtl_search.analysis.sweeps.cautions import Caution, cautions_of
from mtl_search.analysis.sweeps.sweep import Sweep
from tests.support.compared_sweeps import OLD, read_sweep

Make = Callable[..., Sweep]


def names(*sweeps: Sweep) -> list[str]:
    return [caution.name for caution in cautions_of(sweeps)]


def seen(name: str, *sweeps: Sweep) -> str:
    return next(caution.seen for caution in cautions_of(sweeps) if caution.name == name)


def test_sweeps_that_are_alike_have_none(sweep: Make) -> None:
    assert names(sweep("one", digest="a1"), sweep("two", digest="a1", random=1)) == []


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("split", {"seed": 1}),
        ("data", {"data.train": 100}),
        ("metrics", {"tasks.left.metrics": ["macro_f1"]}),
        ("objective", {"search.objective": "val/left/accuracy"}),
        ("importance", {"tasks.left.importance": 3.0}),
        ("budget", {"search.trials": 40}),
        ("budget", {"training.epochs": 3}),
        ("several settings", {"training.epochs": 3, "training.batch_size": 8}),
    ],
)
def test_each_difference_is_found(sweep: Make, name: str, settings: dict[str, Any]) -> None:
    assert name in names(sweep("one"), sweep("two", settings=settings))
    assert name not in names(sweep("three"), sweep("four"))


def test_tasks_that_only_one_has_are_named(sweep: Make) -> None:
    one, two = sweep("one", "left", "right"), sweep("two", "left", "same")
    assert seen("main tasks", one, two) == "only one has right; only two has same"


def test_an_unfinished_sweep_is_not_ranked(sweep: Make) -> None:
    one, begun = sweep("one", digest="a1"), sweep("begun", digest="a1", seeds=0)
    assert names(one, begun) == ["unfinished", "no finalists"]
    assert seen("unfinished", one, begun) == "begun is not finished (2 trials have ended)"


def test_one_sweep_twice_is_said(sweep: Make) -> None:
    one = sweep("one", digest="a1")
    assert names(one, replace(one, label="copy")) == ["one sweep"]


def test_versions_that_differ_are_named(sweep: Make) -> None:
    one = sweep("one", digest="a1", versions={"torch": "2.9", "ray": "2.60"})
    two = sweep("two", digest="a1", versions={"torch": "2.10", "ray": "2.60"})
    assert seen("versions", one, two) == "one and two ran with other versions: torch 2.9 and 2.10"


def test_a_sweep_of_version_0_1_has_another_measure(sweep: Make) -> None:
    found = names(sweep("one"), read_sweep(OLD / "v0_1_finished"))
    assert {"measure", "objective", "version 0.1"} <= set(found)


def test_one_reason_against_several_sweeps_is_told_once(sweep: Make) -> None:
    one, *others = (sweep(name, settings={"seed": n}) for n, name in enumerate("abc"))
    assert cautions_of([one, *others]) == [
        Caution(
            "split",
            "a and b had the same data set by its settings, split by another seed; a and c had the "
            "same data set by its settings, split by another seed",
            "networks were scored on other test items: a difference may be their luck",
        )
    ]


def test_what_is_only_measured_is_no_reason_against_a_comparison(sweep: Make) -> None:
    """Probes and further finalists change no network."""
    probes = {
        "report.gradient_conflict": True,
        "report.task_affinity": True,
        "search.finalists.leave_one_out": True,
        "training.epochs": 3,
    }
    assert "several settings" not in names(sweep("one"), sweep("two", settings=probes))
