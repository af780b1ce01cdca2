"""Whether an exported file computes what the network computes.

N samples, T tokens
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.data.preparation.base import Preparation
from mtl_search.data.types import Array
from mtl_search.errors import SweepError
from mtl_search.export.graph import ExportGraph
from mtl_search.export.onnx_export import input_names
from mtl_search.models.side_inputs import SideInputs
from mtl_search.models.spans import Spans
from mtl_search.models.stage import safe_key

TOLERANCE = 1e-5
SIZES = (1, 2, 7)

# Runs an exported file on the inputs, in order.
Run = Callable[[Sequence[Tensor]], Sequence[Array]]

_TOKENS = 6  # of a made-up sentence, where the length may vary


def check_exported(
    graph: ExportGraph, run: Run, preparation: Preparation | None, file: Path
) -> float:
    """Compare an exported file with the network, on random inputs and on the example's rows.

    Args:
        graph: The network.
        run: Runs the file.
        preparation: What prepares raw rows, whose example is tried, too.
        file: The file, for the message.

    Returns:
        The largest difference, relative to the largest value of an output where that is above 1.

    Raises:
        SweepError: An output differs by more than the tolerance.
    """
    largest = 0.0
    for samples, tensors in trial_inputs(graph, preparation):
        with torch.no_grad():
            expected = graph(*tensors)
        given = run(tensors)
        for name, mine, other in zip(graph.outputs, expected, given, strict=True):
            difference = _difference(mine.numpy(), other)
            if not difference <= TOLERANCE:
                raise SweepError(
                    f"{file} does not compute what the network computes: with a batch of {samples} "
                    f"the output {name!r} differs by {difference:.2g}, more than {TOLERANCE:g}; "
                    "please report this with the config"
                )
            largest = max(largest, difference)
    return largest


def torch_runner(file: Path) -> Run:
    """Return what runs a `.pt2` file."""
    module = torch.export.load(file).module()

    def run(tensors: Sequence[Tensor]) -> list[Array]:
        with torch.no_grad():
            return [output.numpy() for output in module(*tensors)]

    return run


def onnx_runner(graph: ExportGraph, file: Path) -> Run:
    """Return what runs an ONNX file, by onnxruntime on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    names = input_names(graph)
    known = {given.name for given in session.get_inputs()}

    def run(tensors: Sequence[Tensor]) -> list[Array]:
        pairs = zip(names, tensors, strict=True)
        feed = {name: tensor.numpy() for name, tensor in pairs if name in known}
        return list(session.run(list(graph.outputs), feed))

    return run


def trial_inputs(
    graph: ExportGraph, preparation: Preparation | None
) -> Iterator[tuple[int, list[Tensor]]]:
    """Yield inputs of several batch sizes: random ones, and rows of the preparation's example."""
    rng = np.random.default_rng(0)
    for samples in SIZES:
        yield samples, graph.tensors(*random_inputs(graph, samples, rng))
    if preparation is None:
        return
    prepared = preparation.transform(preparation.example())
    names = [given.view for given in graph.inputs]
    if not set(names) <= set(prepared.inputs):
        return
    for samples in SIZES:
        rows = np.arange(samples) % len(prepared)
        views = {view: np.asarray(prepared.inputs[view][:])[rows] for view in names}
        masks = {view: np.asarray(mask)[rows] for view, mask in prepared.masks.items()}
        yield samples, graph.tensors(views, masks)


def random_inputs(
    graph: ExportGraph, samples: int, rng: np.random.Generator
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Draw views and masks: numbers of tokens that the network knows, sentences of any length."""
    for most in [*_table_sizes(graph), 1]:
        views, masks = _drawn(graph, samples, rng, most)
        try:
            with torch.no_grad():
                graph(*graph.tensors(views, masks))
        except IndexError:  # the largest table may be that of positions
            continue
        break
    return views, masks


def _drawn(
    graph: ExportGraph, samples: int, rng: np.random.Generator, most: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Draw views and masks, with numbers of tokens below `most`."""
    views: dict[str, Array] = {}
    masks: dict[str, Array] = {}
    for given in graph.inputs:
        shape = (samples, *(_TOKENS if size == -1 else size for size in given.shape))
        if given.is_mask:
            lengths = rng.integers(1, shape[1] + 1, (samples, 1))
            masks[given.view] = np.arange(shape[1]) < lengths
        elif given.dtype == "int64":
            views[given.view] = rng.integers(0, min(most, _neck_values(graph, given.view)), shape)
        else:
            views[given.view] = rng.normal(size=shape).astype(np.float32)
    return views, masks


def _table_sizes(graph: ExportGraph) -> list[int]:
    """Return the sizes of the embeddings of the backbones, largest first."""
    modules = [module for part in graph.networks for module in part.sharing.modules()]
    sizes = {m.num_embeddings for m in modules if isinstance(m, nn.Embedding)}
    return sorted(sizes, reverse=True)


def _neck_values(graph: ExportGraph, view: str) -> int:
    """Return how many values a view of whole numbers may have beside the backbone."""
    counts = [sys.maxsize]
    for part in graph.networks:
        for neck in (neck for necks in part.necks.values() for neck in necks):
            if view in neck.views and isinstance(neck, Spans):
                counts.append(neck.count + 1)
            elif view in neck.views and isinstance(neck, SideInputs):
                table = dict(neck.tables.named_children()).get(safe_key(view))
                counts += [table.num_embeddings] if isinstance(table, nn.Embedding) else []
    return min(counts)


def _difference(mine: Array, other: Array) -> float:
    """Return the largest difference; where both are −∞, as emissions at padding, it is 0."""
    if mine.shape != other.shape:
        return float("inf")
    if mine.size == 0:
        return 0.0
    same = mine == other
    finite = np.abs(mine[np.isfinite(mine)]).astype(np.float64)
    scale = max(1.0, float(finite.max(initial=0.0)))
    with np.errstate(invalid="ignore"):
        gaps = np.abs(np.where(same, 0.0, mine.astype(np.float64) - other)) / scale
    return float(gaps.max())
