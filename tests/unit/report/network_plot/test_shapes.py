"""The shapes of a network's picture."""

from __future__ import annotations

import pytest

from mtl_search.report.network_plot import text
from mtl_search.report.network_plot.shapes import PADDING, Box
from mtl_search.report.network_plot.text import Line

VARIANTS = tuple((Line("wide " * words),) for words in (1, 2, 4))


def _box(width: float) -> Box:
    return Box((), VARIANTS, 1.0, 0, x=2.0, width=width)


@pytest.mark.parametrize("variant", [0, 1, 2])
def test_the_widest_variant_is_the_last_that_fits(variant: int) -> None:
    needed = text.width(VARIANTS[variant]) + 2 * PADDING
    assert _box(needed).widest_variant == variant
    assert _box(needed + 0.01).widest_variant == variant
    if variant:
        assert _box(needed - 0.01).widest_variant == variant - 1


def test_the_center_is_in_the_middle() -> None:
    assert _box(3.0).center == 3.5
