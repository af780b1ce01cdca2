"""Lengths of time in a config."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.config import load_config
from mtl_search.config.sections.duration import duration_text, seconds_of
from mtl_search.errors import ConfigError


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("90s", 90), ("45m", 2700), ("2h", 7200), ("1d", 86400), ("1h30m", 5400), ("1H 30M", 5400),
        ("1.5h", 5400), (".5m", 30), ("3600", 3600), (3600, 3600), (0.5, 0.5), (" 2 h ", 7200),
    ],
)  # fmt: skip
def test_units_and_plain_seconds(value: object, seconds: float) -> None:
    assert seconds_of(value) == seconds


@pytest.mark.parametrize(
    "value",
    ["", "h", "2w", "2 weeks", "-1h", "0", 0, -5, True, [1], "1h1h", "inf", "nan", "1h x", "2hm"],
)
def test_what_is_no_time_is_refused_in_one_sentence(value: Any) -> None:
    with pytest.raises(ValueError, match="2h, 1d or 1h30m"):
        seconds_of(value)


@pytest.mark.parametrize("seconds", [0.3, 1, 59, 60, 3661, 7200, 86400, 90000])
def test_texts_are_read_again(seconds: float) -> None:
    assert seconds_of(duration_text(seconds)) == pytest.approx(seconds, rel=0.02)


def test_the_config_reads_it_and_names_the_key() -> None:
    tree: dict[str, Any] = {"name": "demo", "data": "x", "model": {"backbone": "mlp"}}
    tree["tasks"] = {"a": {"head": "b"}}
    assert load_config(tree).search.time_budget is None
    assert load_config(tree, ["search.time_budget=2h"]).search.time_budget == 7200
    with pytest.raises(ConfigError, match=r"search\.time_budget: a time above 0") as caught:
        load_config(tree, ["search.time_budget=two hours"])
    assert "two hours" in str(caught.value)
