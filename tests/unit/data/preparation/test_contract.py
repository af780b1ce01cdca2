"""A preparation of the user's prepares its example as the data set has it, also once stored."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from mtl_search.data.preparation.base import Field, Prepared
from mtl_search.data.preparation.contract import check_own_preparation
from mtl_search.errors import DataError
from tests.support import small_sweeps as small
from tests.support.own_parts import RightPreparation, WrongPreparation


class Fitted(RightPreparation):
    """One that divides by what it has fitted."""

    def __init__(self, scale: float = 2.0) -> None:
        self.scale = scale

    def transform(self, raw: Any) -> Prepared:
        x = np.asarray(raw, np.float32) / np.float32(self.scale)
        return Prepared({"x": x, "y": x})

    def to_json(self) -> dict[str, Any]:
        return {"scale": self.scale}

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> Fitted:
        return cls(tree["scale"])


class Forgets(Fitted):
    """One that keeps nothing of it."""

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> Forgets:
        return cls(1.0)


class NotPlain(Fitted):
    """What it keeps is no JSON."""

    def to_json(self) -> dict[str, Any]:
        return {"scale": np.ones(3)}


class OtherView(RightPreparation):
    """A view that the data set has not."""

    def transform(self, raw: Any) -> Prepared:
        return Prepared({"z": np.asarray(raw, np.float32)})


class InDouble(RightPreparation):
    """Another type than training saw."""

    def transform(self, raw: Any) -> Prepared:
        return Prepared({"x": np.asarray(raw, np.float64)})


class Bare(RightPreparation):
    """An array in place of what is needed."""

    def transform(self, raw: Any) -> Any:
        return np.asarray(raw, np.float32)


class Undescribed(RightPreparation):
    """No fields."""

    def describe(self) -> tuple[Field, ...]:
        return ()


def check(preparation: RightPreparation) -> None:
    check_own_preparation(dataclasses.replace(small.DATA, preparation=preparation))


def test_right_preparations_pass() -> None:
    check_own_preparation(small.DATA)
    check(RightPreparation())
    check(Fitted())


@pytest.mark.parametrize(
    ("preparation", "told"),
    [
        (WrongPreparation(), r"makes the view 'x' of float32 \(rows, \(5,\)\)"),
        (InDouble(), "makes the view 'x' of float64"),
        (OtherView(), "makes the view 'z', which the data set has not"),
        (Bare(), "returns a ndarray, and needed is a mtl_search.data.Prepared"),
        (Forgets(), "in another way after `from_json` of its `to_json`"),
        (NotPlain(), "fails on its own example: TypeError"),
        (Undescribed(), "`describe` of the preparation Undescribed"),
    ],
)
def test_wrong_preparations_are_refused(preparation: RightPreparation, told: str) -> None:
    with pytest.raises(DataError, match=told):
        check(preparation)
