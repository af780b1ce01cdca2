"""Errors as a message and an exit status: 2 for wrong input, 1 for what could not go on."""

from __future__ import annotations

import traceback
from pathlib import Path
from tempfile import gettempdir

from rich.console import Console
from rich.markup import escape

from mtl_search.cli import json_log
from mtl_search.errors import ClusterError, ConfigError, DataError, MtlSearchError

# Exit statuses.
WRONG_INPUT = 2
FAILED = 1
_WRONG = (ConfigError, DataError, ClusterError)


def print_error(error: Exception) -> int:
    """Print an error for its reader: a message for a mistake, a bug report for anything else.

    Returns:
        The exit status.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    if isinstance(error, MtlSearchError):
        status = WRONG_INPUT if isinstance(error, _WRONG) else FAILED
        if json_log.is_on():
            json_log.write("error", "error", {"message": str(error), "status": status})
            return status
        console.print(f"[bold red]error:[/] {escape(str(error))}")
        return status
    log = Path(gettempdir()) / "mtl-search-error.txt"
    log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    if json_log.is_on():
        message = f"internal error: {type(error).__name__}: {error}; the traceback is in {log}"
        json_log.write("error", "error", {"message": message, "status": FAILED})
        return FAILED
    console.print(
        f"[bold red]internal error:[/] {escape(type(error).__name__)}: {escape(str(error))}\n"
        "  This is a bug in mtl_search, not in your config. "
        f"The traceback is in {log}; --debug prints it."
    )
    return FAILED
