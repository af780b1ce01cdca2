from __future__ import annotations

import numpy as np
import pytest

from mtl_search.analysis.views.parts.bins import bin_of, log_edges


def test_every_value_is_in_its_bin() -> None:
    values = np.random.default_rng(0).lognormal(size=200)
    edges = log_edges(values, 7)
    places = bin_of(values, edges)
    assert places.min() == 0
    assert places.max() == 6
    inner = (edges[places] <= values * (1 + 1e-12)) & (values <= edges[places + 1] * (1 + 1e-12))
    assert inner.all()


def test_widths_are_equal_in_the_logarithm() -> None:
    edges = log_edges([0.1, 3.0, 10.0], 4)
    assert np.diff(np.log(edges)) == pytest.approx(np.log(100.0) / 4)
