"""A graph as plain data."""

from __future__ import annotations

import subprocess
import sys

from mtl_search.models.graph import Edge, Graph, Node

VIEW = Node("view:x", "input", "x", (6,), (6,), 0, 0, ("a", "b"), ("x",))
STAGE = Node("block:0", "stage", "dense 7", (6,), (7,), 49, 49, ("a", "b"), ("x",))
HEAD_A = Node("head:a", "head", "Softmax head", (7,), (3,), 24, 24, ("a",), ("x",))
HEAD_B = Node("head:b", "head", "Binary head", (7,), (), 8, 8, ("b",), ("x",))
EDGES = (
    Edge("view:x", "block:0", ("x",)),
    Edge("block:0", "head:a", ("x",)),
    Edge("block:0", "head:b", ("x",)),
)
GRAPH = Graph(("a", "b"), (VIEW, STAGE, HEAD_A, HEAD_B), EDGES, 81, 49, 81)


def test_nodes_are_found_by_their_id() -> None:
    assert GRAPH.by_id == {"view:x": VIEW, "block:0": STAGE, "head:a": HEAD_A, "head:b": HEAD_B}


def test_sources_are_the_nodes_that_a_node_reads() -> None:
    assert GRAPH.sources(VIEW) == []
    assert GRAPH.sources(STAGE) == [VIEW]
    assert GRAPH.sources(HEAD_A) == GRAPH.sources(HEAD_B) == [STAGE]


def test_a_node_is_untied_and_of_no_column_by_default() -> None:
    assert (STAGE.column, STAGE.tied_strength) == (None, 0.0)


def test_a_graph_needs_no_torch() -> None:
    """The picture of a stored graph is drawn by processes that do not load torch."""
    code = "import sys, mtl_search.models.graph; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
