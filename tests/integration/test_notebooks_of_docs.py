"""The notebooks of the documentation run to their end, on smaller budgets than a reader has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from jupyter_client.manager import KernelManager
from nbformat.v4 import new_code_cell

from tests import notebooks

# Two minutes together: each starts slots of its own on the session's Ray.
pytestmark = [pytest.mark.integration, pytest.mark.large]

SMALL = {"TRIALS": 2, "EPOCHS": 2}


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def printed(notebook: Any) -> str:
    texts = [
        o["text"] if "text" in o else o["data"].get("text/plain", "") for o in outputs(notebook)
    ]
    return "\n".join(texts)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """The working directory of the notebooks."""
    made = tmp_path_factory.mktemp("notebooks")
    (made / "runs").mkdir()
    shutil.copy(empty_store, made / "runs" / "mlflow.db")
    return made


@pytest.fixture(scope="module")
def kernel(ray_cluster: None, folder: Path) -> Iterator[KernelManager]:
    """One kernel for all, on the Ray of all tests: torch and Ray take seconds to import."""
    address = ray.get_runtime_context().gcs_address
    started = notebooks.start_kernel(folder, {"RAY_ADDRESS": address})
    yield started
    started.shutdown_kernel()


def run(name: str, kernel: KernelManager) -> Any:
    """Run a notebook without the names of those before it, as it runs alone."""
    notebook = notebooks.with_budgets(notebooks.read(notebooks.FOLDER / name), SMALL)
    notebook.cells.insert(0, new_code_cell("%reset -f"))
    notebooks.execute(notebook, kernel)
    return notebook


def test_from_a_data_frame_to_a_verdict(whole_again: None, kernel: KernelManager) -> None:
    notebook = run("1_data_frame_to_verdict.ipynb", kernel)
    text = printed(notebook)
    assert "<Verdict: " in text
    assert "complete after" in text
    assert "loop:loop" in text  # the columns of a prediction: the positive side
    assert [o for o in outputs(notebook) if o.get("name") == "stderr"] == []


def test_own_parts(whole_again: None, kernel: KernelManager) -> None:
    notebook = run("2_your_own_parts.ipynb", kernel)
    text = printed(notebook)
    assert "model.backbone.blokcs: backbone 'my_parts:residual' has no such argument" in text
    assert "takes targets of kind real, and target 'digit' is of kind class" in text
    assert "<Verdict: " in text
    assert "within 0.05" in text


def test_reading_a_sweep(whole_again: None, kernel: KernelManager, folder: Path) -> None:
    notebook = run("3_reading_a_sweep.ipynb", kernel)
    text = printed(notebook)
    assert "Ray is loaded: False" in text
    assert "hue" in text.partition("alcohol:spread")[0]  # the column that is missing
    plots = [o for o in outputs(notebook) if "application/vnd.plotly.v1+json" in o.get("data", {})]
    assert len(plots) == 2
    assert (folder / "report.html").stat().st_size > 1e6
    assert sorted(path.name for path in (folder / "models" / "wine").iterdir()) == [
        "model.json",
        "model.safetensors",
    ]
