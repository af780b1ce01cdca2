"""The shapes that a network's picture consists of. All lengths are inches; y grows downwards."""

from __future__ import annotations

from dataclasses import dataclass

from mtl_search.models.graph import Node
from mtl_search.report.network_plot import text
from mtl_search.report.network_plot.text import Line, TextVariants

LINE = 0.155  # height of a line of text
PADDING = 0.09  # between the text and the border of a box


@dataclass
class Box:
    """A box, or free space for an arrow if it has no text.

    Attributes:
        nodes: The nodes that it shows; several only if it stands for several views.
        variants: The variants of its text.
        min_width: Width that it needs.
        row: Its row, from 0 at the top.
        x: Left side.
        y: Upper side.
        width: Its width.
        height: Its height.
        lines: The text that it shows.
    """

    nodes: tuple[Node, ...]
    variants: TextVariants
    min_width: float
    row: int
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    lines: tuple[Line, ...] = ()

    @property
    def center(self) -> float:
        """The x of its middle."""
        return self.x + self.width / 2

    @property
    def widest_variant(self) -> int:
        """Position of the widest variant of its text that fits."""
        # With some slack, or rounding would choose different variants for boxes of one width.
        room = self.width - 2 * PADDING + 1e-6
        return max(i for i, lines in enumerate(self.variants) if text.width(lines) <= room)


@dataclass(frozen=True)
class Arrow:
    """An arrow from the lower side of a box to the upper side of another.

    Attributes:
        start: x and y of its tail.
        end: x and y of its head.
        label: The views that it carries, where the picture does not say it otherwise.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    label: str = ""


@dataclass(frozen=True)
class Tie:
    """A dashed line between two neighbours whose weights are tied by a penalty.

    Attributes:
        y: Its height in the picture.
        left: x of its left end.
        right: x of its right end.
        label: The strength of the penalty.
    """

    y: float
    left: float
    right: float
    label: str


@dataclass(frozen=True)
class Layout:
    """The picture without its title and legend.

    Attributes:
        width: Width of the whole.
        height: Height of the whole.
        boxes: All boxes that have text.
        arrows: All arrows.
        ties: All ties.
    """

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    ties: tuple[Tie, ...]
