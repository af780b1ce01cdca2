"""Predictions of several networks become one."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_search.data.dataset import Target
from mtl_search.data.preparation.base import Prepared
from mtl_search.data.spec import data_spec
from mtl_search.errors import DataError
from mtl_search.export.members import Combined, Member
from mtl_search.models.build import build_network
from mtl_search.training.predictor import Predictor
from tests.support.trials import config, data


def test_tags_are_those_of_most_networks() -> None:
    target = Target(np.zeros((1, 1), int), "tags", ("O", "B-a", "I-a"))
    tags = [np.array([[0, 1, 2, -1]]), np.array([[1, 1, 0, -1]]), np.array([[1, 2, 1, -1]])]
    combined = Combined.of(target, tags)
    assert combined.mean.tolist() == [[1, 1, 0, -1]]  # of three different ones the first
    assert combined.spread is None
    assert list(combined.columns("t", Prepared({"x": np.zeros((1, 1))}))) == ["t"]


def test_vectors_have_one_spread() -> None:
    target = Target(np.zeros((1, 2)), "vector", ("x", "y"))
    combined = Combined.of(target, [np.array([[1.0, 2.0]]), np.array([[3.0, 2.0]])])
    columns = combined.columns("v", Prepared({"x": np.zeros((1, 1))}))
    assert {name: float(x[0]) for name, x in columns.items()} == {
        "v:x": 2.0, "v:y": 2.0, "v:spread": 0.5,
    }  # fmt: skip
    assert combined.arrays("v")["v:spread"].shape == (1, 2)


def test_views_of_another_shape_are_refused() -> None:
    samples = data()
    settings = config()
    predictor = Predictor(build_network(settings, samples), settings, data_spec(samples))
    member = Member(predictor, ("kind",))
    member.check(Prepared({"x": np.zeros((2, 6))}))
    with pytest.raises(DataError, match=r"shape \(5,\); training saw \(6,\)"):
        member.check(Prepared({"x": np.zeros((2, 5))}))
    with pytest.raises(DataError, match=r"gives no view 'x'.*it gives: y"):
        member.check(Prepared({"y": np.zeros((2, 6))}))
    assert set(member.predict({"x": samples.inputs["x"]}, {}, 16)) == {"kind"}
