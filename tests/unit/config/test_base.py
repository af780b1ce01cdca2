"""Parts chosen by name, and what all sections have in common."""

from __future__ import annotations

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from mtl_search.config import load_config, to_yaml
from mtl_search.config.base import Component, ConfigModel, Names
from tests.support.config_trees import tree


class Section(ConfigModel):
    """A section with a value of each kind."""

    count: int = 1
    share: float | None = None
    wanted: bool = False
    ends: tuple[float, float] | None = None
    part: Component = Component(name="linear")


def test_none_as_an_argument_survives_the_round_trip() -> None:
    given = {**tree(), "data": {"name": "m:f", "fraction": None, "deep": {"also": None}}}
    config = load_config(given)
    assert config.data.arguments == {"fraction": None, "deep": {"also": None}}
    assert load_config(yaml.safe_load(to_yaml(config))) == config


def test_the_name_stands_for_the_member() -> None:
    short, long = (
        {**tree(), "model": {"backbone": backbone}} for backbone in ("mlp", {"name": "mlp"})
    )
    assert load_config(short) == load_config(long)
    assert load_config(short).model.backbone.arguments == {}
    assert load_config(tree()).tasks["left"].view == ("left",)


@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_are_no_numbers(*, value: bool) -> None:
    for given in ({"count": value}, {"share": value}, {"ends": [0, value]}):
        with pytest.raises(ValidationError, match="needed"):
            Section.model_validate(given)
    assert Section.model_validate({"wanted": value}).wanted is value


def test_an_unknown_key_is_refused_in_a_section_and_an_argument_of_a_component() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Section.model_validate({"part": "mlp", "depth": 3})
    section = Section.model_validate({"part": {"name": "mlp", "depth": 3}})
    assert section.part.arguments == {"depth": 3}
    assert section.model_dump()["part"] == {"name": "mlp", "depth": 3}


def test_a_name_is_a_list_of_one() -> None:
    names = TypeAdapter(Names)
    assert names.validate_python("left") == ("left",)
    assert names.validate_python(["left", "right"]) == ("left", "right")
