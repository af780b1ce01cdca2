"""The sentence on packs."""

from __future__ import annotations

from typing import Any

from mtl_search.analysis.views.parts.packs import packs_sentence
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.trial_info import APART
from mtl_search.storage.trial_record import TrialRecord


def trial(**info: Any) -> TrialRecord:
    record = TrialRecord("search-0000", ArmName("search"), 0, {}, {}, {}, 0, 0.0)
    record.info.update(info)  # type: ignore[typeddict-item]
    return record


def test_nothing_is_said_of_trials_that_were_in_none() -> None:
    assert packs_sentence([]) == ""
    assert packs_sentence([trial(node="here"), trial()]) == ""


def test_trials_in_packs_are_counted() -> None:
    trials = [trial(pack=3)] * 3 + [trial(pack=16)] * 16 + [trial(node="here")]
    assert packs_sentence(trials) == "19 of 20 trials trained in packs of up to 16."
    waiting, failed = trial(), trial()
    failed.state = "FAIL"
    assert packs_sentence([*trials, waiting, failed]).startswith("19 of 21 trials ")


def test_the_reasons_of_packs_that_were_taken_apart_follow_the_most_frequent_first() -> None:
    memory = f"{APART}out of memory"
    trials = [trial(pack=4)] * 4 + [trial(pack=memory)] * 2 + [trial(pack=f"{APART}{'x' * 500}")]
    assert packs_sentence(trials) == (
        "4 of 7 trials trained in packs of up to 4; packs trained one after another: "
        f"out of memory (2 trials), {'x' * 116} ... (1 trial)."
    )
    reasons = [trial(pack=f"{APART}{number}") for number in range(5)]
    assert packs_sentence(reasons) == (
        "packs trained one after another: 0 (1 trial), 1 (1 trial), 2 (1 trial), other reasons."
    )
