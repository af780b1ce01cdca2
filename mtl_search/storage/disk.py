"""A full disk: neither a trial's fault nor a bug. It ends the sweep, and a resume goes on when there is room again."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtl_search.errors import DiskFullError, MtlSearchError

_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
# How libraries say so that have no `OSError` for it (safetensors, and whatever quotes another process' traceback).
_WORDS = ("No space left on device", "Disk quota exceeded")


def is_full(error: BaseException) -> bool:
    """Whether an error says that a disk has no room left, or a user's quota of it."""
    if isinstance(error, DiskFullError):
        return True
    return getattr(error, "errno", None) in _NUMBERS or any(words in str(error) for words in _WORDS)


@contextmanager
def writes_to(folder: Path | str) -> Iterator[None]:
    """What is written here goes to this folder, or to the storage of this URI.

    Raises:
        DiskFullError: There is no room; in place of whatever was raised for it.
    """
    try:
        yield
    except MtlSearchError:
        raise
    except Exception as error:
        if is_full(error):
            raise DiskFullError(
                explain_full_disk(f"there is no room to write to {folder}")
            ) from error
        raise


def explain_full_disk(what: str) -> str:
    """What is full, and how to go on."""
    return (
        f"the disk is full: {what}\n"
        "  free some space there, and --resume goes on with the sweep: no trial is lost by this"
    )
