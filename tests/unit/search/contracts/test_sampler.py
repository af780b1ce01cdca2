"""Samplers of the user's draw inside their ranges, by seed and history alone."""

from __future__ import annotations

import logging

import optuna
import pytest

from mtl_search.config import Component
from mtl_search.errors import ConfigError
from mtl_search.search.contracts.sampler import check_own_sampler

PARTS = "tests.support.own_parts"
HERE = __name__


class Fails(optuna.samplers.RandomSampler):
    """A sampler with a mistake in it."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed)

    def after_trial(self, *arguments: object) -> None:
        raise LookupError("no trial")


def test_right_samplers_pass_without_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for name in (f"{PARTS}:right_sampler", "optuna.samplers:TPESampler"):
            check_own_sampler(Component(name=name), 3)
    assert not caplog.records
    check_own_sampler(Component(name="tpe"), 3)  # one of ours is not tried


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (f"{PARTS}:WrongSampler", "and needed is a number from 0.001 to 0.1"),
        (f"{PARTS}:unseeded_sampler", "gives two draws for one seed and the same trials"),
        (f"{HERE}:Fails", "fails when it is tried: LookupError: no trial"),
    ],
)
def test_a_wrong_sampler_is_refused(name: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        check_own_sampler(Component(name=name), 3)
    assert caught.value.path == "search.sampler"
