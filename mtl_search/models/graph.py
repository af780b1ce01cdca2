"""The parts of a network as plain data, for its summary and its picture: nodes, and who reads whom.

This module does not load torch; `graph_tracing` makes a graph from a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

# Without the batch.
Shape = tuple[int, ...]
Kind = Literal["input", "augment", "stage", "mixture", "side_inputs", "head"]


@dataclass(frozen=True)
class Node:
    """One box.

    Attributes:
        id: Unique in its graph: `view:left`, `block:0`, `side_inputs:same`, `spans:same`, `head:same`, `augment`.
        kind: A view of the data; what changes images in training; a stage of the backbone; a mixture of columns; what
            reads views beside one task's features; a head.
        label: What it is, such as `conv 32`, `Softmax head`, or the name of the view.
        takes: Shape of one sample that comes in.
        gives: Shape of one sample that leaves.
        parameters: How many it has.
        trainable: How many of them learn.
        tasks: The tasks that read it, directly or through others.
        views: The views that pass it, one after another through the same weights.
        column: The task in whose column it stands, where that is not plain from `tasks`.
        alike: Strength λ that keeps it like the same stage of other columns; 0 for none.
    """

    id: str
    kind: Kind
    label: str
    takes: Shape
    gives: Shape
    parameters: int
    trainable: int
    tasks: tuple[str, ...]
    views: tuple[str, ...]
    column: str | None = None
    tied_strength: float = 0.0


@dataclass(frozen=True)
class Edge:
    """What `target` reads of `source`: these views."""

    source: str
    target: str
    views: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """A network.

    Attributes:
        tasks: Their names, in the order of the config.
        nodes: In the order in which data passes.
        edges: Each from an earlier node to a later one.
        parameters: Of the whole network; a parameter that is used twice counts once.
        shared: Those that more than one task reads.
        trainable: Those that learn; the others are frozen.
    """

    tasks: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    parameters: int
    shared: int
    trainable: int

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """Id → node."""
        return {node.id: node for node in self.nodes}

    def sources(self, node: Node) -> list[Node]:
        """What a node reads."""
        return [self.by_id[edge.source] for edge in self.edges if edge.target == node.id]
