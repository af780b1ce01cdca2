"""What a consumer of an exported file must know, as plain JSON: `interface.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtl_search.data.dataset import Target
from mtl_search.export.graph import SPREAD, ExportGraph
from mtl_search.export.onnx_export import input_names

# Kind of target → what the output of its task is.
_MEANINGS = {
    "class": "probabilities of the classes",
    "binary": "probability of the second class",
    "multilabel": "probabilities of the labels",
    "real": "values in the target's own units",
    "vector": "values in the target's own units",
    "tags": "numbers of tags, -1 at padding",
}
EMISSIONS = "emissions of a CRF, -inf at padding; decode them by start, transitions and end"


def interface(
    graph: ExportGraph, targets: Mapping[str, Target], *, onnx_names: bool
) -> dict[str, Any]:
    """Describe inputs and outputs, in their order.

    Args:
        graph: The exported graph.
        targets: Task → its target.
        onnx_names: Whether the file is ONNX, in which no input is called as an output.
    """
    names = input_names(graph) if onnx_names else [given.name for given in graph.inputs]
    inputs = [
        {
            "name": name,
            "view": given.view,
            "dtype": given.dtype,
            "shape": ["samples", *("tokens" if size == -1 else size for size in given.shape)],
            "is_mask": given.is_mask,
        }
        for name, given in zip(names, graph.inputs, strict=True)
    ]
    outputs = [_output(name, graph, targets) for name in graph.outputs]
    return {"inputs": inputs, "outputs": outputs}


def _output(name: str, graph: ExportGraph, targets: Mapping[str, Target]) -> dict[str, Any]:
    if name not in targets:
        meaning = "standard deviation over the networks"
        return {"name": name, "task": name.removesuffix(SPREAD), "meaning": meaning}
    target = targets[name]
    classes = list(target.classes)
    if target.kind == "binary":
        classes = classes or ["0", "1"]
    described: dict[str, Any] = {"name": name, "task": name, "kind": target.kind}
    described |= {"classes": classes, "meaning": _MEANINGS[target.kind]}
    if name in graph.crfs:
        crf = graph.crfs[name].crf
        described["meaning"] = EMISSIONS
        described["crf"] = {
            "start": crf.start_transitions.tolist(),
            "transitions": crf.transitions.tolist(),
            "end": crf.end_transitions.tolist(),
        }
    return described
