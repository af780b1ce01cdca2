"""Errors as a message and an exit status: 2 for wrong input, 1 for what could not go on."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from mtl_search.cli import json_log
from mtl_search.config.secrets import masked
from mtl_search.errors import ClusterError, ConfigError, DataError, MtlSearchError, RequestError

# Exit statuses.
WRONG_INPUT = 2
FAILED = 1
_WRONG = (ConfigError, DataError, RequestError, ClusterError)


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
    log = _private_file(masked_traceback(error))
    message = masked(str(error))
    if json_log.is_on():
        line = f"internal error: {type(error).__name__}: {message}; the traceback is in {log}"
        json_log.write("error", "error", {"message": line, "status": FAILED})
        return FAILED
    console.print(
        f"[bold red]internal error:[/] {escape(type(error).__name__)}: {escape(message)}\n"
        "  This is a bug in mtl_search, not in your config. "
        f"The traceback is in {log}; --debug prints it."
    )
    return FAILED


def masked_traceback(error: Exception) -> str:
    """Return the traceback of an error without secrets."""
    return masked("".join(traceback.format_exception(error)))


def _private_file(text: str) -> Path:
    """Write a text for this user alone, under a name that nobody else can have taken."""
    number, name = tempfile.mkstemp(prefix="mtl-search-error-", suffix=".txt")  # of mode 0600
    os.close(number)
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path
