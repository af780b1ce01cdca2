"""Verdicts side by side, and networks against each other, as tables."""

from __future__ import annotations

from collections.abc import Callable

from mtl_search.analysis.sweeps.network_difference import network_differences
from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.analysis.sweeps.verdicts import networks, verdicts
from tests.support.compared_sweeps import OLD, read_sweep

Make = Callable[..., Sweep]


def test_each_row_is_the_verdict_of_a_sweep(sweep: Make) -> None:
    sweeps = [sweep("one", items=100, seeds=5), sweep("begun", seeds=0)]
    first, begun = verdicts(sweeps).rows
    verdict = sweeps[0].evidence.verdict
    assert verdict.sharing is not None
    assert verdict.twin is not None
    assert (first["gain"], (first["low"], first["high"])) == (
        verdict.sharing.gain.mean,
        verdict.sharing.interval,
    )
    assert (first["twin_low"], first["twin_high"]) == verdict.twin.interval
    assert (first["seeds"], first["items"], first["tasks"]) == (5, 100, 3)
    assert (begun["verdict"], begun["gain"], begun["state"]) == ("not tested", None, "not finished")


def test_columns_without_a_value_are_left_out(sweep: Make) -> None:
    view = verdicts([sweep("one", seeds=0), sweep("two", seeds=0)])
    assert [column.name for column in view.columns] == [
        "sweep",
        "verdict",
        "weights",
        "tasks",
        "state",
    ]


def test_networks_are_compared_with_the_first(sweep: Make) -> None:
    sweeps = [sweep(name, digest="a1", items=50, random=n) for n, name in enumerate("abc")]
    view = networks(sweeps)
    assert [(row["sweep"], row["against"]) for row in view.rows] == [("b", "a"), ("c", "a")]
    for row, difference in zip(view.rows, network_differences(sweeps), strict=True):
        assert difference.gain is not None
        assert (row["gain"], (row["low"], row["high"])) == (
            difference.gain.mean,
            difference.interval,
        )
        assert difference.sentence() in view.summary


def test_one_reason_for_several_is_told_once(sweep: Make) -> None:
    one = sweep("one")
    old = [read_sweep(OLD / "v0_1_finished"), read_sweep(OLD / "v0_1_population")]
    assert networks([one, *old]).summary == (
        "The networks of v0_1_finished, v0_1_population are not compared with that of one: "
        "the data are not the same."
    )
