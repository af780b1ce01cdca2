"""Values of a journal's line are what its event says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mtl_search.storage.events import EVENT_CLASSES
from mtl_search.storage.lines.types import problem_of


def problem(kind: str, **values: Any) -> str:
    return problem_of(EVENT_CLASSES[kind], values, list(values))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("epoch", {"metrics": {"val/a/accuracy": 1, "lr": 0.5}, "objective": 2}),
        ("info", {"info": {"depth": {"a": 1}, "lr": None, "of_a_later_version": [1]}}),
        ("trial", {"params": {"a": ["x", True, None, {"b": 0.5}]}, "role": "", "split": 3}),
        ("judged", {"objectives": [[1, 0.5], (2, 1)]}),
        ("start", {"points": [{"a": 0.5}]}),
        ("sweep", {"handed_over": ["data"], "custom_objective": True}),
    ],
)
def test_values_as_they_are_written(kind: str, values: dict[str, Any]) -> None:
    assert problem(kind, **values) == ""


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("epoch", {"objective": "0.5"}, "objective: a number is needed, not '0.5'"),
        ("epoch", {"objective": True}, "objective: a number is needed, not True"),
        ("epoch", {"seconds": 1e999}, "seconds: a finite number is needed, not inf"),
        ("epoch", {"epoch": 1.5}, "epoch: a whole number is needed, not 1.5"),
        ("epoch", {"epoch": 10**30}, "epoch: a whole number is needed, not 1000"),
        ("epoch", {"metrics": [1]}, r"metrics: a mapping is needed, not \[1\]"),
        ("epoch", {"metrics": {"lr": None}}, "metrics, lr: a number is needed, not None"),
        ("info", {"info": {"depth": "2"}}, "info, depth: a whole number is needed, not '2'"),
        ("info", {"info": {"tasks": "left"}}, "info, tasks: a list is needed, not 'left'"),
        ("trial", {"role": "boss"}, "role: one of '', 'member', .* is needed, not 'boss'"),
        ("trial", {"params": {"a": [float("nan")]}}, "params, a: a finite number is needed"),
        ("end", {"state": ["FAIL"]}, "state: one of .* is needed"),
        ("judged", {"objectives": [[1]]}, r"objectives: a list of 2 is needed, not \[1\]"),
        ("sweep", {"name": {"a": 1}}, "name: a text is needed"),
        ("sweep", {"budget": {"equal": "4"}}, "budget, equal: a whole number is needed"),
    ],
)
def test_other_values_are_named(kind: str, values: dict[str, Any], said: str) -> None:
    assert re.match(said, problem(kind, **values))


def test_every_event_has_a_check_for_every_field() -> None:
    for kind in EVENT_CLASSES:
        assert problem(kind, time="now") == "time: a number is needed, not 'now'"
