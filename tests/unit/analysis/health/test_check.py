"""What checks look at, and the form of their texts."""

from __future__ import annotations

from mtl_search.analysis.health.check import sentence
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder, whole


def test_winners_are_those_of_the_finalists(builder: Builder) -> None:
    for number in range(2):
        builder.trial("search", number, 0.7 + 0.1 * number)
    builder.trial("equal", 0, 0.7)
    builder.trial("equal", 1, 0.9, state="FAIL")
    # Better as a trial, worse on fresh seeds.
    for origin, val in (("search-0001", 0.6), ("search-0000", 0.8)):
        for _ in range(2):
            number = len(builder.sweep_record.arm("final/search"))
            scores = dict.fromkeys(builder.tasks, val)
            builder.finalist("search", number, scores, val=val, origin=origin)
    evidence = evidence_of(builder)
    assert [trial.id for trial in evidence.winners()] == ["equal-0000", "search-0000"]
    assert [t.id for t in evidence.finalists(evidence.arms[-1])] == [
        "final-search-0002",
        "final-search-0003",
    ]
    assert evidence.finalists(evidence.arms[0]) == []


def test_arms_that_search_are_checked_and_others_not(builder: Builder) -> None:
    builder.trial("warmup/uw", 0, 0.7)
    whole(builder, twins=True)
    names = ["single/left", "single/right", "single/same", "equal", "search"]
    assert evidence_of(builder).arms == names


def test_many_findings_are_cut_and_counted() -> None:
    text = sentence([f"task {number} is worse" for number in range(12)], "do something")
    assert text.startswith("task 0 is worse; task 1 is worse; ")
    assert text.endswith("task 3 is worse; and 8 more: do something")
