"""Files of a sweep are for their owner alone: 0600, and folders 0700.

A sweep may hold names of persons, predictions of samples, or what a company works on. Set the
variable MTL_SEARCH_UMASK to `027` where a group reads the sweeps, to `022` where everyone does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mtl_search.errors import ConfigError

UMASK = "MTL_SEARCH_UMASK"


def chosen_umask() -> int:
    """Return the bits that no file of a sweep has.

    Raises:
        ConfigError: The variable holds no octal number.
    """
    text = os.environ.get(UMASK, "077")
    try:
        value = int(text, 8)
    except ValueError:
        value = -1
    if not 0 <= value <= 0o777:
        message = "this is no umask: an octal number is needed, such as 077, 027 or 022"
        raise ConfigError(message, path=UMASK, value=text)
    return value


def make_private() -> None:
    """Let this process, and those that it starts, write for their owner alone."""
    os.umask(chosen_umask())


@contextmanager
def private_files() -> Iterator[None]:
    """Write for the owner alone while the block runs.

    The setting is that of the whole process: other threads write so as well meanwhile.

    Examples:
        >>> import tempfile
        >>> from pathlib import Path
        >>> path = Path(tempfile.mkdtemp()) / "journal.jsonl"
        >>> with private_files():
        ...     path.touch()
        >>> oct(path.stat().st_mode & 0o777)
        '0o600'
    """
    before = os.umask(chosen_umask())
    try:
        yield
    finally:
        os.umask(before)
