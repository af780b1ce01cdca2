"""Texts without the passwords in them."""

from __future__ import annotations

import re

_HIDDEN = "***"
_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):([^/@\s]+)@")


def masked(text: str) -> str:
    """Return a text in which `***` stands for the passwords of its addresses.

    Examples:
        >>> masked("tracking.uri=postgresql://me:secret@host/db")
        'tracking.uri=postgresql://me:***@host/db'
    """
    return _PASSWORD.sub(rf"\1:{_HIDDEN}@", text)
