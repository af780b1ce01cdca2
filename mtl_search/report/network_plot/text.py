"""The text in the boxes of a network's picture, and its width."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from mtl_search.models.graph import Node, Shape

FAMILY = "DejaVu Sans"  # comes with matplotlib, so that a picture looks the same everywhere
TITLE_POINTS, TEXT_POINTS, LABEL_POINTS = 9.0, 8.0, 7.5

_MAX_LETTERS = 28
_POINTS_PER_INCH = 72.0


class Line(NamedTuple):
    """A line of text; a title is bold and a little larger."""

    text: str
    title: bool = False


# Three variants of a box's text, from the narrowest to the widest. All boxes have their variants in
# the same order, so that the boxes of one row can show the same one.
TextVariants = tuple[tuple[Line, ...], ...]


def node_text(node: Node) -> TextVariants:
    """Return the text of a node's box."""
    title = Line(shorten(node.label), title=True)
    if node.kind == "input":
        return _same_everywhere(title, Line(format_shape(node.gives)))
    if node.kind == "augment":
        heading = Line("augmentation", title=True)
        return tuple(
            (heading, Line(shorten(node.label, letters))) for letters in (_MAX_LETTERS, 42, 60)
        )
    size = Line(_parameters(node))
    if node.kind == "mixture":
        return _same_everywhere(title, size)
    headings: tuple[Line, ...] = (title,)
    if node.kind == "head":
        (task,) = node.tasks
        headings = (Line(shorten(task), title=True), Line(shorten(node.label)))
    takes, gives = format_shape(node.takes), format_shape(node.gives)
    return (
        (*headings, Line(f"in {takes}"), Line(f"out {gives}"), size),
        (*headings, Line(f"{takes} → {gives}"), size),
        (*headings, Line(f"{takes} → {gives},  {size.text}")),
    )


def views_text(views: tuple[Node, ...]) -> TextVariants:
    """Return the text of one box that stands for several views of one shape."""
    names = ", ".join(view.label for view in views)
    shape = format_shape(views[0].gives)
    return _same_everywhere(Line(shorten(names), title=True), Line(f"each {shape}"))


def format_shape(shape: Shape) -> str:
    """Format the shape of a batch, such as `(B, 16, 14, 14)`."""
    return f"({', '.join(['B', *map(str, shape)])})"


def shorten(text: str, max_letters: int = _MAX_LETTERS) -> str:
    """Return the text, with its end replaced by an ellipsis if it is too long."""
    return text if len(text) <= max_letters else f"{text[: max_letters - 1].rstrip(' ,')}…"


def shorten_to_width(text: str, max_width: float, points: float) -> str:
    """Return the text, with its end replaced by an ellipsis if it is wider than `max_width`."""
    letters = len(text)
    while letters > 2 and text_width(shorten(text, letters), points) > max_width:
        letters -= 1
    return shorten(text, letters)


def width(lines: tuple[Line, ...]) -> float:
    """Return the width of the longest line in inches."""
    return max(
        text_width(line.text, TITLE_POINTS if line.title else TEXT_POINTS, bold=line.title)
        for line in lines
    )


@lru_cache(maxsize=4096)
def text_width(text: str, points: float, *, bold: bool = False) -> float:
    """Return the width of a line in inches."""
    font = FontProperties(family=FAMILY, size=points, weight="bold" if bold else "normal")
    width_points, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return width_points / _POINTS_PER_INCH


def _same_everywhere(*lines: Line) -> TextVariants:
    return (lines,) * 3


def _parameters(node: Node) -> str:
    if not node.parameters:
        return "no parameters"
    frozen = node.parameters - node.trainable
    if not frozen:
        return f"{node.parameters:,} parameters"
    note = "frozen" if frozen == node.parameters else f"{frozen:,} frozen"
    return f"{node.parameters:,} parameters, {note}"
