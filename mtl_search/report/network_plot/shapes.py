"""What a network's picture consists of. All lengths are inches; y grows downwards."""

from __future__ import annotations

from dataclasses import dataclass

from mtl_search.models.graph import Node
from mtl_search.report.network_plot import text
from mtl_search.report.network_plot.text import TextVariants, Line

LINE, PADDING = 0.155, 0.09


@dataclass
class Box:
    """A box, or free space for an arrow where it has no text.

    Attributes:
        nodes: What it shows; several only where one box stands for several views.
        variants: Its text.
        least: Width that it needs.
        row: From 0, at the top.
        x, y, width, height: Of its upper left corner, and its size.
        lines: The text that is shown.
    """

    nodes: tuple[Node, ...]
    variants: TextVariants
    least: float
    row: int
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    lines: tuple[Line, ...] = ()

    @property
    def middle(self) -> float:
        """Of its width."""
        return self.x + self.width / 2

    @property
    def widest(self) -> int:
        """The widest form of its text that fits."""
        # Not to the last bit, or the variants of two boxes of one width might differ.
        fitting = [
            i
            for i, lines in enumerate(self.variants)
            if text.width(lines) + 2 * PADDING <= self.width + 1e-6
        ]
        return max(fitting)


@dataclass(frozen=True)
class Arrow:
    """From the lower side of a box to the upper side of another, with the views that it carries where that is news."""

    start: tuple[float, float]
    end: tuple[float, float]
    label: str = ""


@dataclass(frozen=True)
class Tie:
    """Between two neighbours that are kept alike."""

    y: float
    left: float
    right: float
    label: str


@dataclass(frozen=True)
class Layout:
    """The picture without its title and legend."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    ties: tuple[Tie, ...]
