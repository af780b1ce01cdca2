"""The model card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mtl_search.data.preparation.table import TablePreparation
from mtl_search.data.preprocessing.columns import fit_columns
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.export.card import TABLE, card

DESCRIBED: dict[str, Any] = {
    "inputs": [{"name": "table", "dtype": "float32", "shape": ["samples", 4]}],
    "outputs": [
        {
            "name": "kind",
            "task": "kind",
            "kind": "class",
            "classes": [f"a|{k}" for k in range(10)],
            "meaning": "probabilities of the classes",
        }
    ],
}
INFO: dict[str, Any] = {
    "sweep": "penguins",
    "kind": "separate networks",
    "reason": "sharing hurts, so these are separate networks",
    "verdict": "Sharing hurts.",
    "data": {"name": "table", "digest": "0123abcd"},
    "metrics": {"test/kind/accuracy": {"mean": 0.9, "low": 0.85, "high": 0.95, "seeds": 5}},
    "notes": ["It was trained on all rows"],
}


def test_a_card_tells_what_is_known() -> None:
    text = card("torch", DESCRIBED, INFO, {"name": "table"}, 1e-7)
    for part in (
        "# penguins\n\nSeparate networks that predict `kind`.",
        "Verdict of the sweep: Sharing hurts.",
        "a\\|7 and 2 more",
        "Digest of its content: `0123abcd`",
        "| test/kind/accuracy | 0.9 | 0.85 … 0.95 | 5 |",
        "- It was trained on all rows.",
        "torch.export.load",
        "def prepare(",
        "## Licence\n\nNot said.",
    ):
        assert part in text
    assert "decode tags" not in text
    assert "onnxruntime" not in text


def test_a_card_without_facts_says_so() -> None:
    text = card("onnx", DESCRIBED, {}, None, 0.0)
    assert text.startswith("# Model\n\nA network that predicts `kind`.")
    assert "Nothing is recorded of the data set." in text
    assert "The preparation of raw rows is not known." in text
    assert "Results" not in text


def test_code_of_the_card_knows_categories_however_they_are_typed(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["1", "2", "caf\u00e9"] * 2, "x": np.arange(6.0)})
    encoder = fit_columns(frame, ["a", "x"], ["a"], 10)
    preparation = TablePreparation(encoder, CsvFormat())
    stored = tmp_path / "preprocessing.json"
    stored.write_text(json.dumps({"fitted": preparation.to_json()}))
    cells = (1, 2.0, "1.0", " 2", "cafe\u0301", True, "1_0", None, "new")
    rows = [{"a": cell, "x": 1.5} for cell in cells]
    scope: dict[str, Any] = {}
    exec(TABLE, scope)
    prepared = scope["prepare"](rows, stored)["table"]
    np.testing.assert_allclose(prepared, preparation.transform(rows).inputs["table"], rtol=1e-6)
    assert prepared[:5, :3].argmax(1).tolist() == [0, 1, 0, 1, 2]
    assert (prepared[5:, 3] == 1).all()
