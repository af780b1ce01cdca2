"""What the card of a model says of its sweep."""

from __future__ import annotations

import pytest

from mtl_search import Result
from mtl_search.api.model_facts import facts_of_sweep, metrics_on_test

FINISHED = "tests/fixtures/sweeps/v0_1_finished"


def test_verdict_and_data() -> None:
    result = Result(FINISHED)
    facts = facts_of_sweep(result)
    assert facts == {"verdict": result.verdict.sentence(), "data": {"name": "digit_pairs"}}
    result.record.data_sets[1] = {"name": "digit_pairs", "digest": "0123"}
    assert facts_of_sweep(result)["data"]["digest"] == "0123"


def test_metrics_are_over_all_seeds_of_the_configuration() -> None:
    record = Result(FINISHED).record
    finalist = record.trials["final-search-0000"]
    metrics = metrics_on_test(record, [finalist])
    assert list(metrics) == [f"test/{task}/accuracy" for task in ("left", "right", "same")]
    others = [t.test["test/left/accuracy"] for t in record.arm("final/search")]
    left = metrics["test/left/accuracy"]
    assert left["seeds"] == len(others) == 2
    assert left["mean"] == pytest.approx(sum(others) / 2)
    assert left["low"] < left["mean"] < left["high"]
