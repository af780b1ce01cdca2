"""`torch.export`: a graph of a model that runs without this project's code."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch._decomp import decomposition_table

from mtl_search.errors import SweepError, first_line
from mtl_search.export.graph import ExportGraph


def traced(graph: ExportGraph, examples: Sequence[Tensor]) -> Any:
    """Trace a graph whose number of samples, and of tokens where there are masks, may vary.

    Args:
        graph: The graph.
        examples: A tensor for each input.

    Returns:
        A `torch.export.ExportedProgram`.

    Raises:
        SweepError: The network cannot be traced.
    """
    samples = torch.export.Dim("samples")
    # The tokens of views that pass one backbone are as many; torch finds out which are.
    shapes = []
    for given in graph.inputs:
        dims: dict[int, Any] = {0: samples}
        if -1 in given.shape:
            dims[1 + given.shape.index(-1)] = torch.export.Dim.DYNAMIC
        shapes.append(dims)
    with quiet(), lstm_as_it_is():
        try:
            return torch.export.export(
                graph, tuple(examples), dynamic_shapes=(tuple(shapes),), strict=False
            )
        except Exception as error:
            raise _refused(graph, error) from error


def write_torch(program: Any, file: Path) -> None:
    """Write a traced graph as a `.pt2` file."""
    with quiet():
        torch.export.save(program, file)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the exporters' own notes, which are for their developers, off the screen."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def lstm_as_it_is() -> Iterator[None]:
    """Keep torch from looking into an LSTM while it traces.

    The operator stays one node of the graph, and takes any number of tokens. But to find out the
    shape of its output torch runs its decomposition, a loop over as many tokens as the example has,
    and then refuses any other number. Here the shape is said directly, in the way of
    `torch.export._patches`, which puts a slower loop in its place.
    """
    operator: Any = torch.ops.aten.lstm.input
    keys = torch._C.DispatchKey  # noqa: SLF001  # there is no public way
    tables: list[tuple[Any, Any]] = [
        (operator.py_kernels, keys.CompositeImplicitAutograd),
        (operator.py_kernels, keys.Autograd),
        (decomposition_table, operator),
    ]
    before = [table.get(key) for table, key in tables]
    operator._dispatch_cache.clear()  # noqa: SLF001
    try:
        for table, key in tables:
            table[key] = _lstm_shapes
        yield
    finally:
        for (table, key), function in zip(tables, before, strict=True):
            if function is None:
                del table[key]
            else:
                table[key] = function
        operator._dispatch_cache.clear()  # noqa: SLF001


def _lstm_shapes(x: Tensor, start: Sequence[Tensor], *arguments: Any) -> tuple[Tensor, ...]:
    """Return tensors of the shapes that an LSTM returns; their values are never read."""
    bidirectional = arguments[5]
    hidden, cell = start
    width = hidden.shape[2] * (2 if bidirectional else 1)
    return x.new_empty(x.shape[0], x.shape[1], width), hidden.clone(), cell.clone()


def _refused(graph: ExportGraph, error: Exception) -> SweepError:
    parts = ", ".join(sorted({type(part.sharing).__name__ for part in graph.networks}))
    return SweepError(
        f"the network of {', '.join(graph.tasks)} ({parts}) cannot be exported: torch.export does "
        f"not take code whose shapes or branches depend on values ({type(error).__name__}: "
        f"{first_line(error)}); Model.save keeps it for Python"
    )
