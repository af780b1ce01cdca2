"""Arguments of schedulers, checked without Ray."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mtl_search.errors import ConfigError
from mtl_search.search.schedulers.population import PBTConfig
from mtl_search.search.schedulers.settings import ASHA, PBT, Median


def test_arguments_are_checked_when_settings_are_made() -> None:
    with pytest.raises(ConfigError, match=r"search.scheduler.grace_period: .* from 1 to 4"):
        ASHA(4, grace_period=5)
    with pytest.raises(ConfigError, match=r"search.scheduler.min_samples_required"):
        Median(4, min_samples_required=0)
    with pytest.raises(ConfigError, match=r"search.scheduler.factors: a list of numbers above 0"):
        PBT(4, factors=(0.8, -1))
    with pytest.raises(ConfigError, match=r"training.epochs"):
        PBT(1)


def test_the_rules_of_a_population() -> None:
    assert PBT(4, interval=1, factors=[1, 2]).rules == PBTConfig(1, 0.25, 0.25, (1.0, 2.0))


def test_a_check_does_not_import_ray() -> None:
    program = (
        "import sys; from mtl_search.config import load_config\n"
        "from mtl_search.search.schedulers import pbt_config, prepare_scheduler\n"
        "config = load_config({'name': 'a', 'data': 'x', 'tasks': {'t': {'head': 'softmax'}},\n"
        "    'model': {'backbone': 'mlp'}, 'search': {'scheduler': 'asha'}})\n"
        "prepare_scheduler(config); assert pbt_config(config) is None\n"
        "assert 'ray' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
