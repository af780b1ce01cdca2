"""The sentences of a verdict, from its parts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mtl_search.analysis.comparison import Comparison, Run, compare
from mtl_search.analysis.finalists import SelectedFinalist
from mtl_search.analysis.measure import LinearScale, Measure
from mtl_search.analysis.statistics.answers import Needed
from mtl_search.analysis.verdict import Claim, Verdict
from mtl_search.storage.arm_name import SEARCH, ArmName

MEASURE = Measure("skill", {"a": (LinearScale("accuracy", 0.0, 1.0),)}, {"a": 1.0}, -1.0)


def compared(gain: float, against: str = "single") -> Comparison:
    ours = {seed: Run({"test/a/accuracy": 0.5 + gain + 0.001 * seed}) for seed in range(3)}
    theirs = {seed: Run({"test/a/accuracy": 0.5 + 0.001 * seed}) for seed in range(3)}
    comparison = compare(
        "search", against, ours, theirs, measure=MEASURE, tasks={"a": ("accuracy",)}
    )
    assert comparison is not None
    return comparison


GAIN, LOSS = compared(0.1), compared(-0.1)


def winner(arm: ArmName, depth: Any = 2) -> SelectedFinalist:
    return SelectedFinalist(arm, "search-0000", {0: "final-search-0000"}, 100, depth, {})


@pytest.mark.parametrize(
    ("depth", "nothing"),
    [
        (0, True),
        (2, False),
        (None, False),
        ({"a": 0, "b": 0}, True),
        ({"a": 0, "b": 1}, True),  # it has nobody to share with
        ({"a": 0, "b": 1, "c": 2}, False),
    ],
)
def test_nothing_is_shared_where_no_two_tasks_have_a_depth(depth: Any, *, nothing: bool) -> None:
    assert winner(SEARCH, depth).shares_nothing == nothing


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict(), "Not tested: there are no single-task networks to compare with."),
        (Verdict(notes=("No finalist",)), "Not tested. No finalist."),
        (
            Verdict(winners={"single/a": winner(ArmName.single("a"))}),
            "Not tested: there is no shared network to compare.",
        ),
        (
            Verdict(winners={a: winner(a) for a in (ArmName.single("a"), SEARCH)}),
            "Not tested: no seed has finished in both arms.",
        ),
        (
            Verdict(outcome="sharing helps", sharing=GAIN),
            "Sharing helps: skill +10.0 points (95 % interval",
        ),
        (
            Verdict(outcome="practically equal", sharing=GAIN, twin=LOSS),
            "Sharing and separate networks are practically equal: skill +10.0 points",
        ),
        (
            Verdict(outcome="sharing helps", sharing=GAIN, twin=LOSS),
            "Against the same network with nothing shared: skill -10.0 points",
        ),
        (
            Verdict(outcome="don't know", sharing=GAIN, recommended=winner(SEARCH, 0)),
            "The best network that was found shares nothing, so nothing is claimed",
        ),
        (
            Verdict(outcome="don't know", sharing=GAIN, needed=Needed(12, 4000)),
            "About 12 seeds (search.finalists.max_seeds) or 4,000 test items would decide it",
        ),
        (
            Verdict(outcome="don't know", sharing=GAIN, needed=Needed(None, None)),
            "No number of seeds or test items is in sight",
        ),
        (
            Verdict(weights=GAIN, weights_outcome="weights help"),
            "The loss weights help: skill +10.0 points",
        ),
        (
            Verdict(auxiliary={"same": LOSS}, claims={"auxiliary same": Claim(-0.1, 0.01, True)}),
            "Auxiliary task same hurts: skill -10.0 points",
        ),
        (Verdict(auxiliary={"same": LOSS}), "Auxiliary task same makes no significant difference"),
        (
            Verdict(claims={"task a": Claim(0.1, 0.01, True), "task b": Claim(0.1, 0.5, False)}),
            "Task a gains 10.0 points (p = 0.01).",
        ),
    ],
)
def test_each_part_has_its_sentence(verdict: Verdict, words: str) -> None:
    assert words in verdict.sentence()


def test_claims_that_do_not_hold_are_not_told() -> None:
    claims = {"task a": Claim(0.1, 0.2, False), "task b": Claim(0.1, 0.5, False)}
    assert "Task" not in Verdict(claims=claims).sentence()


def test_a_verdict_is_json() -> None:
    verdict = Verdict(search=GAIN, winners={SEARCH: winner(SEARCH)}, notes=("a", "b"))
    tree = json.loads(json.dumps(verdict.to_dict(), allow_nan=False))
    assert tree["notes"] == ["a", "b"]
    assert tree["sentence"] == verdict.sentence()
    assert tree["winners"]["search"]["arm"] == "search"
    assert tree["search"]["gain"]["mean"] == pytest.approx(0.1)


def test_one_seed_is_not_enough() -> None:
    alone = replace(GAIN, interval=None)
    sentence = Verdict(outcome="not tested", sharing=alone).sentence()
    assert sentence.startswith("Not tested: one seed is not enough (skill +10.0 points, 3 seeds)")


def test_a_single_separate_network_is_told_as_one() -> None:
    verdict = Verdict("sharing helps", sharing=GAIN, parameters=10, single_parameters=8)
    assert any("against 8 in the separate one." in text for text in verdict.sentences())


def test_of_very_many_claims_the_largest_are_named() -> None:
    claims = {f"task t{n}": Claim((n - 40) / 100, 0.001, holds=n != 40) for n in range(100)}
    sentences = Verdict("don't know", claims=claims).sentences()
    named = [text for text in sentences if text.startswith("Task ")]
    assert any("59 tasks gain and 40 lose" in text for text in sentences)
    assert len(named) == 10
    assert named[0].startswith("Task t99 gains 59.0 points")
    assert named[-1].startswith("Task t0 loses 40.0 points")
