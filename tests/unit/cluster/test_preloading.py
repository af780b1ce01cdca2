"""When Ray's first processes import what slots need, and with how many threads."""

from __future__ import annotations

import importlib
import os

import pytest

from mtl_search.cluster.preloading import MODULES, THREADS, in_environment, preload_settings
from mtl_search.config import override
from tests.support import small_sweeps as small


@pytest.mark.parametrize(
    ("resources", "cpus", "threads"),
    [
        ({}, 2, "1"),
        ({}, 64, "1"),
        ({"cpus_per_worker": 2}, 4, "2"),
        ({"cpus_per_worker": 0.5}, 2, "1"),
        ({"max_concurrent": 1}, 2, "1"),
        ({"max_concurrent": 1}, 3, None),  # two of three processes would import in vain
        ({"cpus_per_worker": 4}, 16, None),
        ({"workers": 2}, 2, None),
        ({"gpus_per_worker": 1}, 2, None),
        ({"cpus_per_worker": 4}, 2, None),  # no trial fits, which is told later
    ],
)
def test_they_do_where_most_of_them_become_slots(
    resources: dict[str, float], cpus: int, threads: str | None
) -> None:
    changes = {f"resources.{key}": value for key, value in resources.items()}
    settings = preload_settings(override(small.config(), changes), cpus)
    assert settings.get(THREADS) == threads
    assert bool(settings) == (threads is not None)


def test_the_modules_are_there() -> None:
    settings = preload_settings(small.config(), 2)
    for name in settings[MODULES].split(","):
        assert importlib.util.find_spec(name)


def test_the_environment_is_as_before_and_the_users_values_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(THREADS, "7")
    monkeypatch.delenv(MODULES, raising=False)
    with in_environment({MODULES: "a", THREADS: "1"}):
        assert (os.environ[MODULES], os.environ[THREADS]) == ("a", "7")
    assert (os.environ.get(MODULES), os.environ[THREADS]) == (None, "7")
