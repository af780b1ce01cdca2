"""Section `training`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from mtl_search.config.sections.training import LearningRateMultipliers, TrainingConfig


def test_an_argument_alone_belongs_to_the_default_optimizer() -> None:
    alone = TrainingConfig.model_validate({"optimizer": {"lr": 0.1}}).optimizer
    assert (alone.name, alone.arguments) == ("adamw", {"lr": 0.1})
    named = TrainingConfig.model_validate({"optimizer": {"name": "sgd"}}).optimizer
    assert (named.name, named.arguments) == ("sgd", {})
    short = TrainingConfig.model_validate({"optimizer": "sgd"}).optimizer
    assert (short.name, short.arguments) == ("sgd", {})
    assert TrainingConfig().optimizer.arguments == {"lr": 1e-3}


def test_the_weights_are_static_unless_a_weighting_is_named() -> None:
    assert (TrainingConfig().weighting.name, TrainingConfig().aggregator) == ("static", None)


@pytest.mark.parametrize(
    "given",
    [
        {"backbone": -0.1},
        {"heads": -1},
        {"tasks": {"left": -1}},
        {"tasks": {"left": "fast"}},
        {"task": {"left": 1}},
    ],
)
def test_factors_on_the_learning_rate_are_not_negative(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LearningRateMultipliers.model_validate(given)
    assert LearningRateMultipliers.model_validate({"tasks": {"left": 0}}).tasks == {"left": 0.0}
