"""Journals that a test has changed: their checksums are made anew."""

from __future__ import annotations

import re

from mtl_search.storage.lines.seal import Seal

_SUM = re.compile(rb', "sum": "[0-9a-f]{8}"\}$')


def resealed(content: bytes) -> bytes:
    """Return a journal with the checksums of what stands in it."""
    seal = Seal()
    lines = []
    for line in content.splitlines():
        lines.append(seal.closed(_SUM.sub(b"}", line)))
        seal.advance(lines[-1])
    return b"".join(lines)
