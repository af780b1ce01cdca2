"""The checksum of a line tells of every byte before it."""

from __future__ import annotations

from mtl_search.storage.lines.seal import Seal, is_sealed

FIRST, SECOND = b'{"event": "done", "time": 0.5}', b'{"event": "done", "time": 0.6}'


def test_a_line_is_sealed_with_all_that_stands_before_it() -> None:
    seal = Seal()
    lines = []
    for text in (FIRST, SECOND, SECOND):
        lines.append(seal.closed(text))
        seal.advance(lines[-1])
    assert len(set(lines)) == 3  # the same event, at another place
    assert all(is_sealed(line[:-1]) for line in lines)
    assert not is_sealed(FIRST)
    assert Seal(lines[0] + lines[1]).problem(lines[2][:-1]) == ""
    for other in (b"", lines[0], lines[1] + lines[0]):
        assert Seal(other).problem(lines[2][:-1])
