"""ONNX: a graph of a model that runs without torch."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mtl_search.errors import SweepError, first_line
from mtl_search.export.graph import ExportGraph
from mtl_search.export.torch_export import lstm_as_it_is, quiet

_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
# A file of protobuf holds at most 2 GiB; larger weights stand in a file beside it.
_MOST_INSIDE = 1_900_000_000
_LOGGERS = ("torch.onnx", "onnxscript", "onnx_ir", "torch.export")


def require_onnx() -> None:
    """Look for what the export needs.

    Raises:
        SweepError: A package is missing.
    """
    missing = [package for package in _PACKAGES if find_spec(package) is None]
    if missing:
        raise SweepError(
            f"ONNX needs {' and '.join(missing)}; install what is missing with: "
            "pip install 'mtl-search[export]'"
        )


def write_onnx(program: Any, graph: ExportGraph, file: Path) -> None:
    """Write a traced graph as an ONNX file, with the weights in it.

    Args:
        program: The traced graph.
        graph: The graph, for the names of inputs and outputs.
        file: The file to write.

    Raises:
        SweepError: ONNX has no operators for the network.
    """
    import torch

    with quiet(), lstm_as_it_is(), _silent():
        try:
            exported = torch.onnx.export(program, dynamo=True, verbose=False)
            assert exported is not None
            _rename(exported.model.graph, graph)
            size = sum(p.nbytes for p in graph.state_dict().values())
            exported.save(file, external_data=size > _MOST_INSIDE)
        except Exception as error:
            raise SweepError(
                f"the network of {', '.join(graph.tasks)} cannot be written as ONNX "
                f"({type(error).__name__}: {first_line(error)}); --format torch may take it"
            ) from error


def input_names(graph: ExportGraph) -> list[str]:
    """Return the names of the inputs in the file: a view that is called as a task gets a prefix."""
    return [
        f"input:{given.name}" if given.name in graph.outputs else given.name
        for given in graph.inputs
    ]


def _rename(model: Any, graph: ExportGraph) -> None:
    """Give inputs and outputs our names, and other values that have them already another."""
    inputs = input_names(graph)
    taken = {*inputs, *graph.outputs}
    results = set(map(id, model.outputs))
    for node in model:
        for value in node.outputs:
            if value.name in taken:
                value.name = f"inner:{value.name}"
            if id(value) not in results:
                value.shape = None  # some are those of the example; what runs the file infers them
    for value in model.initializers.values():
        if value.name in taken:
            raise ValueError(f"a parameter is called {value.name!r}, as an input or output")
    _name_dimensions(model, graph)
    for value, name in zip(model.inputs, inputs, strict=True):
        value.name = name
    for value, name in zip(model.outputs, graph.outputs, strict=True):
        value.name = name


def _name_dimensions(model: Any, graph: ExportGraph) -> None:
    """Call the dimensions that may vary `samples` and `tokens`, and not `s77` as torch does."""
    import onnx_ir

    names: dict[str, str] = {}
    for value, given in zip(model.inputs, graph.inputs, strict=True):
        for size, name in zip(value.shape, ("samples", *given.shape), strict=True):
            if not isinstance(size, int):
                names[str(size)] = "samples" if name == "samples" else "tokens"
    for value in (*model.inputs, *model.outputs):
        sizes = [s if isinstance(s, int) else names.get(str(s), str(s)) for s in value.shape]
        value.shape = onnx_ir.Shape(sizes)


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the exporter's progress off the screen, and its loggers."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    nowhere = io.StringIO()
    with redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            for name in levels:
                logging.getLogger(name).setLevel(logging.ERROR)
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
