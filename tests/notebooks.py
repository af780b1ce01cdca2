"""Run the notebooks of the documentation, and write what they print into their files.

    python -m tests.notebooks                                # all: `make notebooks`
    python -m tests.notebooks 1_data_frame_to_verdict.ipynb

Each runs in an empty folder, with a Ray of its own, and must get to its end.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import nbformat
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.support.repository import REPOSITORY

FOLDER = REPOSITORY / "docs" / "notebooks"
# The tag of the cell with the budgets, as papermill has it.
PARAMETERS = "parameters"
_TIMEOUT_S = 400
_ENVIRONMENT = {
    # A plot is stored as its values. The default adds plotly.js, which is 5 MB.
    "PLOTLY_RENDERER": "plotly_mimetype",
    "PYTHONPATH": str(REPOSITORY),
    "RAY_USAGE_STATS_ENABLED": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def notebooks() -> list[Path]:
    """All notebooks of the documentation, in the order in which they are read."""
    return sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    """The notebook in a file."""
    return nbformat.read(path, as_version=4)  # type: ignore[no-any-return]


def with_budgets(notebook: NotebookNode, budgets: Mapping[str, int]) -> NotebookNode:
    """The notebook with other values in its cell of parameters, which must have these names."""
    (cell,) = (c for c in notebook.cells if PARAMETERS in c.metadata.get("tags", ()))
    names = [line.partition(" = ")[0] for line in cell.source.splitlines()]
    assert names == list(budgets)
    cell.source = "\n".join(f"{name} = {value}" for name, value in budgets.items())
    return notebook


def start_kernel(folder: Path, environment: Mapping[str, str]) -> KernelManager:
    """Start a kernel of IPython.

    Args:
        folder: The working directory; the settings of IPython and Jupyter are in it, too.
        environment: Variables of the kernel beside this process' own.
    """
    settings = folder / ".jupyter"
    variables = os.environ | _ENVIRONMENT | dict(environment)
    variables |= {"IPYTHONDIR": str(settings), "JUPYTER_RUNTIME_DIR": str(settings / "runtime")}
    kernel = KernelManager(kernel_name="python3")
    kernel.start_kernel(
        env=variables, cwd=str(folder), extra_arguments=["--HistoryManager.hist_file=:memory:"]
    )
    return kernel


def execute(notebook: NotebookNode, kernel: KernelManager) -> None:
    """Run all cells, which get their outputs; an error in one of them is an error here."""
    client = NotebookClient(notebook, km=kernel, timeout=_TIMEOUT_S, record_timing=False)
    try:
        client.execute()
    finally:
        if client.kc is not None:  # it stays open with a kernel that is not the client's own
            client.kc.stop_channels()
    nbformat.validate(notebook)


def main(names: list[str]) -> None:
    """Run the notebooks of these names, or all."""
    for path in [FOLDER / name for name in names] or notebooks():
        start = time.perf_counter()
        notebook = read(path)
        with tempfile.TemporaryDirectory(prefix="notebook-", ignore_cleanup_errors=True) as folder:
            kernel = start_kernel(Path(folder), {"RAY_ADDRESS": "local"})
            try:
                execute(notebook, kernel)
            finally:
                kernel.shutdown_kernel()
        notebook.metadata["language_info"] = {"name": "python"}  # no version of this machine's
        nbformat.write(notebook, path)
        sys.stdout.write(f"{path.name}: {time.perf_counter() - start:.0f} s\n")


if __name__ == "__main__":
    main(sys.argv[1:])
