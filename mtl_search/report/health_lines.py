"""Health checks on a terminal: a line a warning, and one line for all that is well."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from mtl_search.analysis.health import Check


def print_health(checks: Sequence[Check], console: Console) -> None:
    """Print the warnings, then the names of the checks that found all well.

    Args:
        checks: The answers of the health checks.
        console: The console to print to.
    """
    for check in checks:
        if check.ok is False:
            console.print(Text(f"Warning, {check.name}: {check.text}.", style="yellow"))
    well = [check.name for check in checks if check.ok]
    if well:
        console.print(Text(f"Checked, and well: {', '.join(well)}.", style="green"))
    unknown = [check.name for check in checks if check.ok is None]
    if unknown and len(unknown) < len(checks):
        console.print(Text(f"Could not be checked: {', '.join(unknown)}.", style="dim"))
