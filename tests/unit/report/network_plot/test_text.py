"""The text in the boxes of a network's picture."""

from __future__ import annotations

import pytest

from mtl_search.report.network_plot.text import shorten


@pytest.mark.parametrize("long", ["x" * 200, "a name of several words " * 9])
def test_long_names_are_cut(long: str) -> None:
    assert len(shorten(long)) <= 28
    assert shorten(long).endswith("…")
    assert shorten("short") == "short"
