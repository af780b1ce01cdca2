"""The text in the boxes of a network's picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mtl_search.models.graph import Node
from mtl_search.report.network_plot.text import (
    format_shape,
    node_text,
    shorten,
    shorten_to_width,
    text_width,
    views_text,
    width,
)


@pytest.mark.parametrize("long", ["x" * 200, "a name of several words " * 9])
def test_long_names_are_cut(long: str) -> None:
    assert len(shorten(long)) <= 28
    assert shorten(long).endswith("…")
    assert shorten("short") == "short"


def test_text_is_shortened_to_a_width() -> None:
    long = "left, right, seen from above"
    full = text_width(long, 8.0)
    assert shorten_to_width(long, full, 8.0) == long
    for share in (0.9, 0.5, 0.3):
        short = shorten_to_width(long, share * full, 8.0)
        assert short.endswith("…")
        assert text_width(short, 8.0) <= share * full


def test_bold_text_and_more_points_are_wider() -> None:
    assert text_width("width", 8.0) < text_width("width", 9.0)
    assert text_width("width", 8.0) < text_width("width", 8.0, bold=True)


def test_shapes_have_a_batch() -> None:
    assert format_shape(()) == "(B)"
    assert format_shape((16, 14, 14)) == "(B, 16, 14, 14)"


def _node(kind: Any, **changes: Any) -> Node:
    node = Node("id", kind, "dense 7", (6,), (7,), 1234, 1234, ("a",), ("x",))
    return replace(node, **changes)


@pytest.mark.parametrize("kind", ["input", "augment", "stage", "mixture", "side_inputs", "head"])
def test_every_kind_has_three_variants_from_narrow_to_wide(kind: Any) -> None:
    variants = node_text(_node(kind))
    assert len(variants) == 3
    widths = [width(lines) for lines in variants]
    assert widths == sorted(widths)


def test_a_stage_says_its_shapes_and_parameters() -> None:
    narrow, middle, wide = ([line.text for line in lines] for lines in node_text(_node("stage")))
    assert narrow == ["dense 7", "in (B, 6)", "out (B, 7)", "1,234 parameters"]
    assert middle == ["dense 7", "(B, 6) → (B, 7)", "1,234 parameters"]
    assert wide == ["dense 7", "(B, 6) → (B, 7),  1,234 parameters"]


@pytest.mark.parametrize(
    ("parameters", "trainable", "expected"),
    [
        (0, 0, "no parameters"),
        (1234, 1234, "1,234 parameters"),
        (1234, 0, "1,234 parameters, frozen"),
        (1234, 34, "1,234 parameters, 1,200 frozen"),
    ],
)
def test_frozen_parameters_are_named(parameters: int, trainable: int, expected: str) -> None:
    node = _node("mixture", parameters=parameters, trainable=trainable)
    assert node_text(node)[0][1].text == expected


def test_several_views_share_a_box() -> None:
    views = (_node("input", label="left"), _node("input", label="right"))
    assert [line.text for line in views_text(views)[0]] == ["left, right", "each (B, 7)"]
