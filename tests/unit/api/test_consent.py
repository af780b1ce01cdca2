"""Configs that a program hands over are its own; those of files may be a stranger's."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mtl_search.api.consent import consent_options, read_config
from mtl_search.config import load_config
from mtl_search.errors import ConfigError
from tests.support.config_trees import tree


def test_only_files_of_strangers_need_consent(tmp_path: Path) -> None:
    named = {**tree(), "data": "mine:load"}
    assert read_config(named).data.name == "mine:load"
    assert read_config(load_config(named), ["seed=3"]).seed == 3
    file = tmp_path / "a.yaml"
    file.write_text(yaml.safe_dump(named))
    with pytest.raises(ConfigError, match="--trust-modules mine"):
        read_config(file)
    assert read_config(file, trust_code=["mine"]).data.name == "mine:load"


def test_options_give_the_same_consent() -> None:
    assert consent_options(["mine", "lab.nets"]) == ["--trust-modules", "mine,lab.nets"]
