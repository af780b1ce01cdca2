"""Sizes in bytes, for people."""

from __future__ import annotations

MIB = 2**20
GIB = 2**30


def size(count: int) -> str:
    """Return a number of bytes in MiB, or from one GiB on in GiB.

    Examples:
        >>> size(64 * MIB), size(3 * GIB // 2)
        ('64 MiB', '1.5 GiB')
    """
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count / MIB:.0f} MiB"
