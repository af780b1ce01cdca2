"""Which networks a model has, by what the journal says and what is on the disk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mtl_search import Result
from mtl_search.analysis.verdict import Verdict
from mtl_search.api.model_choice import (
    KeptNetworks,
    model_of_arm,
    model_of_trial,
    recommended_model,
)
from mtl_search.errors import ConfigError, SweepError
from mtl_search.storage.arm_name import ArmName

RESULT = Result("tests/fixtures/sweeps/v0_1_finished")
UNFINISHED = Result("tests/fixtures/sweeps/v0_1_interrupted")
ALL = KeptNetworks(RESULT.record, lambda _: True)


def _verdict(**changes: Any) -> Verdict:
    return replace(RESULT.verdict, **changes)


def test_the_shared_network_unless_sharing_hurts() -> None:
    choice = recommended_model(ALL, _verdict)
    (trial,) = choice.trials
    assert (choice.kind, choice.arms, trial.arm) == ("network", ("search",), "final/search")
    siblings = [t for t in RESULT.record if t.arm == trial.arm and t.origin == trial.origin]
    assert trial.best_objective == max(t.best_objective for t in siblings)
    together = recommended_model(ALL, _verdict, ensemble=True)
    assert together.kind == "ensemble"
    assert {t.id for t in together.trials} == {t.id for t in siblings}

    hurts = recommended_model(ALL, lambda: _verdict(outcome="sharing hurts"))
    assert hurts.kind == "separate networks"
    assert hurts.arms == ("single/left", "single/right")
    assert "sharing hurts" in hurts.reason
    twin = ArmName("twin/separate")
    with pytest.raises(SweepError, match="no trial of the arm 'twin/separate'"):
        recommended_model(ALL, lambda: _verdict(outcome="sharing hurts", separate=twin))


def test_before_there_are_finalists_it_is_the_best_by_validation() -> None:
    networks = KeptNetworks(UNFINISHED.record, lambda _: True)
    (trial,) = recommended_model(networks, lambda: pytest.fail("no verdict is needed")).trials
    shared = [t for t in UNFINISHED.record if t.arm in ("equal", "search") and t.is_result]
    assert trial.best_objective == max(t.best_objective for t in shared)


def test_by_name() -> None:
    assert model_of_arm(ALL, "single").arms == ("single/left", "single/right")
    assert model_of_arm(ALL, "final/equal").arms == ("equal",)
    with pytest.raises(ConfigError, match="did you mean 'search'"):
        model_of_arm(ALL, "serch")
    origin = model_of_arm(ALL, "search").trials[0].origin
    assert [t.id for t in model_of_trial(ALL, origin).trials] == [origin]
    assert len(model_of_trial(ALL, origin, ensemble=True).trials) > 1
    with pytest.raises(SweepError, match=r"no trial 'search-9' in the sweep; did you mean"):
        model_of_trial(ALL, "search-9")


def test_only_networks_that_are_on_the_disk() -> None:
    best = recommended_model(ALL, _verdict).trials[0].id
    others = KeptNetworks(RESULT.record, lambda name: name != best)
    assert recommended_model(others, _verdict).trials[0].id != best
    none = KeptNetworks(RESULT.record, lambda _: False)
    with pytest.raises(SweepError, match="no network of the arm 'search' was kept"):
        recommended_model(none, _verdict)
    with pytest.raises(SweepError, match="no trained network of"):
        model_of_trial(none, best)
