"""The config as it is stored: without secrets, and still one that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.config import (
    from_stored,
    load_config,
    override,
    parse_like,
    to_dict,
    to_stored,
    to_yaml,
)
from mtl_search.errors import ConfigError
from tests.support.config_trees import tree

_CHANGES = {
    "data.path": "${PLACE}",
    "tracking.uri": "http://me:${PASSWORD}@host",
    "training.precision": "${PRECISION}",
    "model.backbone.name": "${NET}",
    "tasks.left.metrics": ["${METRIC}"],
}
_VALUES = {
    "PLACE": "/data/x",
    "PASSWORD": "hunter-two",
    "PRECISION": "bf16",
    "NET": "mlp",
    "METRIC": "accuracy",
}


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _VALUES.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("variables")
def test_texts_of_the_environment_are_stored_as_variables() -> None:
    stored = to_stored(load_config(tree(), _CHANGES))
    assert stored["data"]["path"] == "${PLACE}"
    assert stored["tracking"]["uri"] == "http://me:${PASSWORD}@host"
    # Names and words of a short list are no secrets, and a report depends on them.
    assert stored["training"]["precision"] == "bf16"
    assert stored["model"]["backbone"]["name"] == "mlp"
    assert stored["tasks"]["left"]["metrics"] == ["accuracy"]


def test_a_stored_config_is_read_with_and_without_its_variables(
    tmp_path: Path, variables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_config(tree(), _CHANGES)
    file = tmp_path / "config.yaml"
    file.write_text(to_yaml(config))
    (tmp_path / "journal.jsonl").touch()
    assert to_dict(load_config(file)) == to_dict(config) == to_dict(from_stored(to_stored(config)))
    for name in _VALUES:
        monkeypatch.delenv(name)
    assert to_stored(load_config(file)) == to_stored(config)
    (tmp_path / "journal.jsonl").unlink()
    with pytest.raises(ConfigError, match="is not set"):
        load_config(file)


@pytest.mark.usefixtures("variables")
def test_a_config_that_is_made_from_another_remembers() -> None:
    config = load_config(tree(), _CHANGES)
    assert to_stored(override(config, {"seed": 4}))["data"]["path"] == "${PLACE}"
    assert to_stored(override(config, {"data.path": "/x"}))["data"]["path"] == "/x"
    assert to_stored(parse_like(config, to_dict(config))) == to_stored(config)


@pytest.mark.usefixtures("variables")
def test_no_text_of_the_environment_in_the_search_space() -> None:
    choice = {"search.space": {"data.path": {"choice": ["${PLACE}", "/y"]}}}
    with pytest.raises(ConfigError, match=r"search\.space.*written to the journal") as error:
        load_config(tree(), choice)
    assert "/data/x" not in str(error.value)
