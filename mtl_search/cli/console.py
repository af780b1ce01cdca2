"""The console that commands print to."""

from __future__ import annotations

import os

from rich.console import Console

# In columns. A file or a pipe has no width of its own; rich would take 80 columns and cut tables
# that a log can well hold.
_PIPE_WIDTH = 140


def console() -> Console:
    """Return a console for standard output, as wide as the terminal, or as `COLUMNS` says."""
    screen = Console()
    if screen.is_terminal or "COLUMNS" in os.environ:
        return screen
    return Console(width=_PIPE_WIDTH)
