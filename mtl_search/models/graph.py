"""The graph of a network as plain data, for its summary and its picture.

This module does not load torch; `graph_tracing` makes the graph of a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

# The shape of one sample, so without the batch.
Shape = tuple[int, ...]
Kind = Literal["input", "augment", "stage", "mixture", "side_inputs", "head"]


@dataclass(frozen=True)
class Node:
    """One node: a box of the picture.

    Attributes:
        id: Unique in its graph, such as `view:left`, `augment`, `block:0`, `side_inputs:same`,
            `spans:same` or `head:same`.
        kind: A view of the data (`input`), the augmentation of images, a stage of the backbone, a
            mixture of columns, what adds views to the features of one task, or a head.
        label: A short description, such as `conv 32`, `Softmax head`, or the name of the view.
        takes: Shape of one sample at its input.
        gives: Shape of one sample at its output.
        parameters: Number of its parameters.
        trainable: Number of its parameters that learn.
        tasks: The tasks that read it, directly or through other nodes.
        views: The views that pass it, one after another through the same weights.
        column: The task whose column it belongs to, where `tasks` does not say it.
        tied_strength: Strength λ of the penalty that ties it to the same stage of other columns; 0
            if it is not tied.
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
    """Data that flows from the node `source` to the node `target`: the features of these views."""

    source: str
    target: str
    views: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """The graph of a network.

    Attributes:
        tasks: Names of the tasks, in the order of the config.
        nodes: The nodes, in the order in which data passes them.
        edges: The edges, each from an earlier node to a later one.
        parameters: Number of parameters of the whole network; one that is used twice counts once.
        shared: Number of parameters that more than one task reads.
        trainable: Number of parameters that learn; the others are frozen.
    """

    tasks: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    parameters: int
    shared: int
    trainable: int

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """Map each node's id to the node."""
        return {node.id: node for node in self.nodes}

    def sources(self, node: Node) -> list[Node]:
        """Return the nodes that a node reads."""
        return [self.by_id[edge.source] for edge in self.edges if edge.target == node.id]
