"""What is written into the boxes of a network's picture, and how wide that is."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from mtl_search.models.graph import Node, Shape

FAMILY = "DejaVu Sans"  # comes with matplotlib, so that a picture looks the same everywhere
TITLE_POINTS, TEXT_POINTS, LABEL_POINTS = 9.0, 8.0, 7.5

_MOST_LETTERS = 28
_POINTS_PER_INCH = 72.0


class Line(NamedTuple):
    """One line of text; a title is bold and a little larger."""

    text: str
    title: bool = False


# The text of a box in several variants of the same order everywhere, from the narrowest to the widest.
TextVariants = tuple[tuple[Line, ...], ...]


def node_text(node: Node) -> TextVariants:
    """What a node's box says."""
    if node.kind == "input":
        return _always(Line(shorten(node.label), title=True), Line(format_shape(node.gives)))
    if node.kind == "augment":
        title = Line("augmentation", title=True)
        return tuple(
            (title, Line(shorten(node.label, letters))) for letters in (_MOST_LETTERS, 42, 60)
        )
    title, size = Line(shorten(node.label), title=True), _parameters(node)
    if node.kind == "mixture":
        return _always(title, Line(size))
    heading: tuple[Line, ...] = (title,)
    if node.kind == "head":
        (task,) = node.tasks
        heading = (Line(shorten(task), title=True), Line(shorten(node.label)))
    takes, gives = format_shape(node.takes), format_shape(node.gives)
    return (
        (*heading, Line(f"in {takes}"), Line(f"out {gives}"), Line(size)),
        (*heading, Line(f"{takes} → {gives}"), Line(size)),
        (*heading, Line(f"{takes} → {gives},  {size}")),
    )


def views_text(views: tuple[Node, ...]) -> TextVariants:
    """What one box for several views of one shape says."""
    return _always(
        Line(shorten(", ".join(view.label for view in views)), title=True),
        Line(f"each {format_shape(views[0].gives)}"),
    )


def format_shape(shape: Shape) -> str:
    """`(B, 16, 14, 14)`."""
    return f"({', '.join(['B', *map(str, shape)])})"


def shorten(text: str, letters: int = _MOST_LETTERS) -> str:
    """The text, its end left out where it is too long."""
    return text if len(text) <= letters else f"{text[: letters - 1].rstrip(' ,')}…"


def shorten_to_width(text: str, room: float, points: float) -> str:
    """The text, its end left out where it is wider than the room, in inches."""
    letters = len(text)
    while letters > 2 and text_width(shorten(text, letters), points) > room:
        letters -= 1
    return shorten(text, letters)


def width(lines: tuple[Line, ...]) -> float:
    """Of the longest line, in inches."""
    return max(
        text_width(line.text, TITLE_POINTS if line.title else TEXT_POINTS, bold=line.title)
        for line in lines
    )


@lru_cache(maxsize=4096)
def text_width(text: str, points: float, *, bold: bool = False) -> float:
    """Of one line, in inches."""
    font = FontProperties(family=FAMILY, size=points, weight="bold" if bold else "normal")
    wide, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return wide / _POINTS_PER_INCH


def _always(*lines: Line) -> TextVariants:
    return (lines,) * 3


def _parameters(node: Node) -> str:
    if not node.parameters:
        return "no parameters"
    frozen = node.parameters - node.trainable
    note = ", frozen" if frozen == node.parameters else f", {frozen:,} frozen" if frozen else ""
    return f"{node.parameters:,} parameters{note}"
