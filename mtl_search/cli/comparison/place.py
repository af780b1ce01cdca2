"""Where MLflow shows a sweep, in a line."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console

from mtl_search.tracking import read_place


def print_place(sweep: Path, console: Console) -> None:
    """Print the address of the sweep's finalists in MLflow; nothing where it is not known.

    Args:
        sweep: The sweep's folder.
        console: The console to print to.
    """
    place = read_place(sweep)
    if place is None:
        return
    served = "" if place.is_server else f", while mtl-search ui {shlex.quote(str(sweep))} runs"
    line = f"In MLflow{served}: {place.view_address}"
    console.print(line, markup=False, highlight=False, soft_wrap=True)
