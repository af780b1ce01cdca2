"""The model card."""

from __future__ import annotations

from typing import Any

from mtl_search.export.card import card

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
