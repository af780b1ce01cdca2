"""The description of inputs and outputs."""

from __future__ import annotations

from mtl_search.export.interface import EMISSIONS, interface
from tests.support.exports import every_head, graph_of


def test_inputs_and_outputs_are_described() -> None:
    model = every_head("hard")
    described = interface(graph_of(model), model.targets, onnx_names=True)
    assert described["inputs"][2] == {
        "name": "left:mask",
        "view": "left",
        "dtype": "bool",
        "shape": ["samples", "tokens"],
        "is_mask": True,
    }
    by_name = {output["name"]: output for output in described["outputs"]}
    assert list(by_name) == list(model.tasks)
    assert by_name["binary"]["classes"] == ["no", "yes"]
    crf = by_name["crf"]
    assert crf["meaning"] == EMISSIONS
    assert (len(crf["crf"]["start"]), len(crf["crf"]["transitions"][0])) == (3, 3)
