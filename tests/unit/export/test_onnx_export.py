"""Names in an ONNX file, and a missing package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.config import parse
from mtl_search.data.dataset import DataSet, Target
from mtl_search.errors import SweepError
from mtl_search.export import onnx_export
from tests.support.exports import model_of


def test_tasks_called_as_a_view_or_an_operator(tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    rows = np.arange(12)
    x = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    targets = {name: Target(x[:, 0].copy(), "real") for name in ("x", "linear", "mul")}
    data = DataSet(
        {"x": x}, targets, {"train": rows[:8], "validation": rows[8:9], "test": rows[9:]}
    )
    tree: dict[str, Any] = {"name": "a", "data": "arrays", "model": {"backbone": "mlp"}}
    tree["tasks"] = {name: {"head": "regression"} for name in targets}
    model = model_of(parse(tree), data)
    exported = model.export(tmp_path / "out")
    assert (exported.inputs, exported.outputs) == (("input:x",), ("x", "linear", "mul"))
    session = runtime.InferenceSession(exported.file)
    assert session.get_inputs()[0].shape == ["samples", 3]
    assert [output.shape for output in session.get_outputs()] == [["samples"]] * 3
    (given,) = session.run(["mul"], {"input:x": x})
    np.testing.assert_allclose(given, model.predict({"x": x})["mul"], atol=1e-6)


def test_a_missing_package_is_named_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    found = find_spec("json")
    monkeypatch.setattr(
        onnx_export, "find_spec", lambda name: None if name == "onnxruntime" else found
    )
    problem = r"ONNX needs onnxruntime; .*: pip install 'mtl-search\[export\]'"
    with pytest.raises(SweepError, match=problem):
        onnx_export.require_onnx()
