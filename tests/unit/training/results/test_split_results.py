"""Losses and metrics of the splits, passed now or before."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.training.results.split_results import SplitResults
from mtl_search.training.trainer import Trainer
from tests.support.trials import config, trainer


@pytest.fixture
def made(tmp_path: Path) -> Trainer:
    return trainer(config(), tmp_path)


def test_a_split_that_was_passed_before_is_not_passed_again(
    made: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = SplitResults(made.step, made._loaders)
    expected = results.of("validation", 1)
    assert {name.split("/")[0] for name in expected} == {"val"}
    passed = results._pass("validation")
    monkeypatch.setattr(SplitResults, "_pass", None)
    assert results.of("validation", 1, passed) == expected


def test_metrics_of_training_come_on_request(made: Trainer) -> None:
    results = SplitResults(made.step, made._loaders)
    trained = made._take_steps()
    losses = results.training(trained, 1, with_metrics=False)
    assert losses.keys() == {"train/kind/loss", "train/flag/loss", "train/size/loss"}
    everything = results.training(trained, 1, with_metrics=True)
    assert {name: everything[name] for name in losses} == losses
    assert everything.keys() - losses.keys() == {
        "train/kind/accuracy", "train/flag/accuracy", "train/size/r2"
    }  # fmt: skip


def test_the_test_split_gives_the_metrics_and_the_values_of_its_items(made: Trainer) -> None:
    metrics, items = SplitResults(made.step, made._loaders).test(1)
    assert metrics == made.evaluate("test")
    assert items
