"""The sentence of a verdict, from its parts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mtl_search.analysis.paired import Comparison, estimate
from mtl_search.analysis.verdict import SelectedFinalist, Verdict
from mtl_search.storage.arm_name import SEARCH, ArmName

GAIN = Comparison("search", "single", (0, 1), estimate([0.1, 0.11]), estimate([0.1, 0.11]), {})
LOSS = replace(GAIN, arm="equal", delta_m=estimate([-0.1, -0.11]))


def winner(arm: ArmName, depth: Any = 2) -> SelectedFinalist:
    return SelectedFinalist(arm, "search-0000", {0: "final-search-0000"}, 100, depth, {})


@pytest.mark.parametrize(
    ("depth", "nothing"),
    [(0, True), (2, False), (None, False), ({"a": 0, "b": 0}, True), ({"a": 0, "b": 1}, False)],
)
def test_nothing_is_shared_where_every_depth_is_0(depth: Any, *, nothing: bool) -> None:
    assert winner(SEARCH, depth).shares_nothing == nothing


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict(), "Not tested: there are no single-task networks to compare with."),
        (Verdict(notes=("No finalist",)), "Not tested. No finalist."),
        (
            Verdict(winners={"single/a": winner(ArmName.single("a"))}),
            "Not tested: no seed has finished in both arms.",
        ),
        (Verdict(outcome="sharing helps", search=GAIN), "Sharing helps: Δm = +10.5 %"),
        (Verdict(outcome="no significant gain", search=GAIN), "No gain by sharing: Δm = +10.5 %"),
        (
            Verdict(outcome="sharing helps", search=GAIN, equal=LOSS),
            "With equal weights sharing hurts: Δm = -10.5 %",
        ),
        (
            Verdict(weights=GAIN, weights_outcome="weights help"),
            "Searched weights beat equal ones: Δm = +10.5 %",
        ),
        (Verdict(auxiliary={"same": LOSS}), "Auxiliary task same hurts: Δm = -10.5 %"),
    ],
)
def test_each_part_has_its_sentence(verdict: Verdict, words: str) -> None:
    assert words in verdict.sentence()


def test_a_verdict_is_json() -> None:
    verdict = Verdict(search=GAIN, winners={SEARCH: winner(SEARCH)}, notes=("a", "b"))
    tree = json.loads(json.dumps(verdict.to_dict()))
    assert tree["notes"] == ["a", "b"]
    assert tree["sentence"] == verdict.sentence()
    assert tree["winners"]["search"]["arm"] == "search"
    assert tree["search"]["delta_m"]["values"] == [0.1, 0.11]
