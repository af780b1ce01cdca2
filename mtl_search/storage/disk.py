"""A full disk ends the sweep, and a resume goes on when there is room again.

It is neither a trial's fault nor a bug.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtl_search.errors import DiskFullError, MtlSearchError

# EFBIG: a batch system limits the size of files (`ulimit -f`).
_ERROR_NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Some libraries raise no `OSError` but quote one: safetensors, and a traceback of another process.
_MESSAGES = ("No space left on device", "Disk quota exceeded", "File too large")


def is_full(error: BaseException) -> bool:
    """Return whether an error says that a disk, or a user's quota of it, is full.

    Examples:
        >>> is_full(OSError(errno.ENOSPC, "No space left on device"))
        True
    """
    if isinstance(error, DiskFullError):
        return True
    if getattr(error, "errno", None) in _ERROR_NUMBERS:
        return True
    return any(message in str(error) for message in _MESSAGES)


@contextmanager
def writes_to(folder: Path | str) -> Iterator[None]:
    """Turn an error of the block that says that the disk is full into a `DiskFullError`.

    Args:
        folder: The folder, or the URI of the storage, that the block writes to.

    Raises:
        DiskFullError: There is no room.
    """
    try:
        yield
    except MtlSearchError:
        raise
    except Exception as error:
        if is_full(error):
            message = explain_full_disk(f"there is no room to write to {folder}")
            raise DiskFullError(message) from error
        raise


def explain_full_disk(problem: str) -> str:
    """Return the message to the user: the problem, and how to go on."""
    return (
        f"the disk is full: {problem}\n"
        "  free some space there, and --resume (in Python resume=True) goes on with the sweep: no "
        "trial is lost by this"
    )
