"""Errors as a message and an exit status: 2 for wrong input, 1 for what could not go on."""

from __future__ import annotations

import errno
import os
import tempfile
import traceback

from rich.console import Console
from rich.markup import escape

from mtl_search.cli import json_log
from mtl_search.config.secrets import masked
from mtl_search.errors import ClusterError, ConfigError, DataError, MtlSearchError, RequestError

# Exit statuses.
WRONG_INPUT = 2
FAILED = 1
_WRONG = (ConfigError, DataError, RequestError, ClusterError)
# What happens to the files of others: permissions, missing folders, a full disk.
_OF_FILES = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR),
    *(errno.EEXIST, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENAMETOOLONG, errno.ELOOP),
)


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
    kind, message = _kind_and_message(error, log)
    if json_log.is_on():
        json_log.write("error", "error", {"message": f"{kind} {message}", "status": FAILED})
        return FAILED
    console.print(f"[bold red]{kind}[/] {escape(message)}")
    return FAILED


def _kind_and_message(error: Exception, log: str) -> tuple[str, str]:
    """Return what is said of an error that is none of ours: of a file, or a bug."""
    if isinstance(error, OSError) and error.filename is not None and error.errno in _OF_FILES:
        reason = f"{error.filename!r} cannot be used: {error.strerror}"
        return "error:", f"{masked(reason)} (--debug prints the traceback)"
    return (
        "internal error:",
        (
            f"{type(error).__name__}: {masked(str(error))}\n"
            f"  This is a bug in mtl_search, not in your config. {log}; --debug prints it."
        ),
    )


def masked_traceback(error: Exception) -> str:
    """Return the traceback of an error without secrets."""
    return masked("".join(traceback.format_exception(error)))


def _private_file(text: str) -> str:
    """Write a text for this user alone, under a name that nobody else can have taken.

    Returns:
        Where it is, as a sentence.
    """
    try:
        number, name = tempfile.mkstemp(prefix="mtl-search-error-", suffix=".txt")  # of mode 0600
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:  # a temporary folder that is full, or not there
        return f"The traceback could not be written ({error.strerror})"
    return f"The traceback is in {name}"
