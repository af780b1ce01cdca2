from __future__ import annotations

import itertools

import pytest

from mtl_search.report.plots import theme

ARMS = ("single/left", "equal", "search", "twin/separate", "without/same")


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_arms_differ_in_colour_mark_and_dash() -> None:
    for one, other in itertools.combinations(ARMS, 2):
        a, b = theme.style(one), theme.style(other)
        assert a.color != b.color
        assert a.symbol != b.symbol
        assert a.dash != b.dash
    assert theme.style("twin/weights").color == theme.style("twin/separate").color
    assert theme.style("twin/weights").symbol != theme.style("twin/separate").symbol


@pytest.mark.parametrize("arm", [a for a in ARMS if a != "without/same"])
@pytest.mark.parametrize("background", ["#ffffff", "#121212"])
def test_marks_can_be_seen_on_white_and_on_black(arm: str, background: str) -> None:
    assert contrast(theme.style(arm).color, background) > 3


@pytest.mark.parametrize("background", ["#ffffff", "#121212"])
def test_text_can_be_read_on_white_and_on_black(background: str) -> None:
    assert contrast(theme.TEXT, background) > 4


def test_finalists_look_like_their_arm() -> None:
    for arm in ARMS:
        assert theme.style(f"final/{arm}") == theme.style(f"split/{arm}") == theme.style(arm)


def test_a_transparent_colour_is_the_same_one() -> None:
    assert theme.style("equal").transparent(0.5) == "rgba(0,114,178,0.5)"


def test_the_legend_keeps_its_distance_in_pixels() -> None:
    for height in (200, 400, 800):
        legend = theme.new_figure([], height).layout.legend
        assert -0.8 < legend.y < 0
        assert legend.y * (height - 104) == pytest.approx(-52, rel=0.1)


def test_many_tasks_begin_after_those_that_fit() -> None:
    assert not theme.many_tasks(theme.MOST_TASKS)
    assert theme.many_tasks(theme.MOST_TASKS + 1)
