"""The notebooks of the documentation run to their end, on smaller budgets than a reader has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import ray

from tests import notebooks

pytestmark = pytest.mark.integration

SMALL = {"TRIALS": 2, "EPOCHS": 2}


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def printed(notebook: Any) -> str:
    texts = [
        o["text"] if "text" in o else o["data"].get("text/plain", "") for o in outputs(notebook)
    ]
    return "\n".join(texts)


def run(name: str, folder: Path) -> Any:
    """Run a notebook in the folder, on the Ray of all tests."""
    notebook = notebooks.with_budgets(notebooks.read(notebooks.FOLDER / name), SMALL)
    address = ray.get_runtime_context().gcs_address
    return notebooks.execute(notebook, folder, {"RAY_ADDRESS": address})


def test_from_a_data_frame_to_a_verdict(whole_again: None, runs: Path) -> None:
    notebook = run("1_data_frame_to_verdict.ipynb", runs.parent)
    text = printed(notebook)
    assert "<Verdict: " in text
    assert "complete after" in text
    assert "loop:open" in text  # the columns of a prediction
    assert [o for o in outputs(notebook) if o.get("name") == "stderr"] == []


def test_own_parts(whole_again: None, tmp_path: Path) -> None:
    notebook = run("2_your_own_parts.ipynb", tmp_path)
    text = printed(notebook)
    assert "model.backbone.blokcs: backbone 'my_parts:residual' has no such argument" in text
    assert "takes targets of kind real, and target 'digit' is of kind class" in text
    assert "<Verdict: " in text
    assert "within 0.05" in text


def test_reading_a_sweep(whole_again: None, runs: Path) -> None:
    notebook = run("3_reading_a_sweep.ipynb", runs.parent)
    text = printed(notebook)
    assert "Ray is loaded: False" in text
    assert "hue" in text.partition("alcohol:spread")[0]  # the column that is missing
    plots = [o for o in outputs(notebook) if "application/vnd.plotly.v1+json" in o.get("data", {})]
    assert len(plots) == 2
    assert (runs.parent / "report.html").stat().st_size > 1e6
    assert sorted(path.name for path in (runs.parent / "models" / "wine").iterdir()) == [
        "model.json",
        "model.safetensors",
    ]
