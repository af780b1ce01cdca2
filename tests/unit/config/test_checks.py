"""Checks of values from a config."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_search.config.checks import check_int, check_ints, check_number, prefix_path
from mtl_search.errors import ConfigError


@pytest.mark.parametrize("value", [1, np.int32(3)])
def test_whole_numbers_pass_as_int(value: object) -> None:
    assert type(check_int(value, "p")) is int


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", None, True, [1]])
def test_other_things_are_no_whole_number(value: object) -> None:
    with pytest.raises(ConfigError, match="p: a whole number of at least 1 is needed"):
        check_int(value, "p")


@pytest.mark.parametrize("value", [0, 0.5, np.float32(0.25)])
def test_numbers_pass_as_float(value: object) -> None:
    assert type(check_number(value, "p", high=1.0, exclude_high=True)) is float


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan"), float("inf"), "0.5", None, True])
def test_other_things_are_no_number_in_range(value: object) -> None:
    with pytest.raises(ConfigError, match="a number of at least 0 and below 1 is needed"):
        check_number(value, "p", high=1.0, exclude_high=True)


def test_an_empty_list_passes_only_where_it_may() -> None:
    assert check_ints([], "p", allow_empty=True) == ()
    with pytest.raises(ConfigError, match="at least one number"):
        check_ints([], "p")


@pytest.mark.parametrize("value", [3, "12", None, {"a": 1}])
def test_what_is_no_list_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match="a list of whole numbers"):
        check_ints(value, "p")


def test_a_path_is_put_in_front_of_path_and_message() -> None:
    with pytest.raises(ConfigError) as caught, prefix_path("tasks.a.head"):
        check_number(-1, "dropout")
    assert caught.value.path == "tasks.a.head.dropout"
    assert str(caught.value).startswith(
        "tasks.a.head.dropout: a number of at least 0 is needed\n  value:    -1"
    )
    assert caught.value.problem == "a number of at least 0 is needed"


def test_an_error_without_a_path_gets_the_outer_one() -> None:
    with pytest.raises(ConfigError) as caught, prefix_path("tasks.a.head"):
        raise ConfigError("is wrong")
    assert caught.value.path == "tasks.a.head"
    assert str(caught.value) == "tasks.a.head: is wrong"


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(KeyError), prefix_path("p"):
        raise KeyError("x")
