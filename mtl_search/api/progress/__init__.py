"""Displays of a sweep that runs: in a notebook, on a terminal, line by line."""

from __future__ import annotations

import sys
from typing import Any

from mtl_search.api.progress.base import SweepProgress


def choose_display(progress: bool | None) -> SweepProgress:
    """Return what shows the progress of a sweep that a program runs.

    Args:
        progress: Whether it is shown; None: in a notebook and on a terminal, and not where the
            output goes to a file or another program. It is written to the standard error.
    """
    shell = _ipython()
    if progress is None:
        progress = _is_notebook(shell) or sys.stderr.isatty()
    if not progress:
        return SweepProgress()
    if _is_notebook(shell):
        from mtl_search.api.progress.notebook import NotebookProgress

        return NotebookProgress()
    from rich.console import Console

    from mtl_search.api.progress.terminal import LiveProgress, PlainProgress

    console = Console(stderr=True)
    return LiveProgress(console) if console.is_terminal else PlainProgress(console)


def _ipython() -> Any:
    """Return the shell of IPython that this code runs in; None elsewhere."""
    ipython = sys.modules.get("IPython")  # code that runs in it has imported it
    return ipython.get_ipython() if ipython is not None else None


def _is_notebook(shell: Any) -> bool:
    """Return whether a shell of IPython is a kernel, whose output a page shows."""
    return shell is not None and hasattr(shell, "kernel")
