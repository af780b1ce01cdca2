"""The checksum at the end of each line of a journal.

It is the CRC-32 of all bytes of the file before it, in eight hexadecimal digits. So it tells of
every other line, too: of one that was changed, lost, doubled, moved, or comes from another sweep.
Lines of versions 0.1 and 0.2 have none.
"""

from __future__ import annotations

import re
import zlib

_END = re.compile(rb', "sum": "([0-9a-f]{8})"\}$')


class Seal:
    r"""The checksum of a file that grows by lines.

    Args:
        content: What the file has already.

    Examples:
        >>> seal = Seal()
        >>> line = seal.closed(b'{"event": "done", "time": 0.5}')
        >>> line
        b'{"event": "done", "time": 0.5, "sum": "d1b54dcd"}\n'
        >>> seal.problem(line[:-1]), seal.problem(line[:-1].replace(b"0.5", b"0.6"))
        ('', 'its checksum is not that of what stands there')
    """

    def __init__(self, content: bytes = b"") -> None:
        self._sum = zlib.crc32(content)

    def closed(self, line: bytes) -> bytes:
        """Return a line, an object of JSON without its newline, with its checksum and newline."""
        start = line[:-1]
        return start + b', "sum": "%08x"}\n' % zlib.crc32(start, self._sum)

    def advance(self, line: bytes) -> None:
        """Take in a line that is in the file, with its newline."""
        self._sum = zlib.crc32(line, self._sum)

    def problem(self, line: bytes) -> str:
        """Return what is wrong with the checksum of the next line; empty where nothing is.

        Args:
            line: The line, which `is_sealed`, without its newline.
        """
        found = _END.search(line)
        assert found is not None
        if zlib.crc32(line[: found.start()], self._sum) == int(found[1], 16):
            return ""
        return "its checksum is not that of what stands there"


def is_sealed(line: bytes) -> bool:
    """Return whether a line, without its newline, ends in a checksum.

    Examples:
        >>> is_sealed(b'{"event": "done", "time": 0.5}')
        False
    """
    return _END.search(line) is not None
