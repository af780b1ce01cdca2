"""IDX files: arrays of every type, plain or zipped, and damaged files named."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.data.readers.idx import read_idx
from mtl_search.errors import DataError


def idx(array: Any, code: int = 0x08, kind: str = ">u1") -> bytes:
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    content: bytes = array.astype(kind).tobytes()
    return head + content


@pytest.mark.parametrize(
    ("code", "kind"), [(0x08, ">u1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4")]
)
@pytest.mark.parametrize("zipped", [False, True])
def test_idx_round_trip(tmp_path: Path, code: int, kind: str, zipped: bool) -> None:
    array = np.arange(24).reshape(2, 3, 4)
    content = idx(array, code, kind)
    (tmp_path / "x").write_bytes(gzip.compress(content) if zipped else content)
    found = read_idx(tmp_path / "x")
    assert (found == array).all()
    assert found.dtype.isnative


def test_damaged_idx_files(tmp_path: Path) -> None:
    whole = idx(np.arange(24).reshape(2, 3, 4))
    zipped = gzip.compress(whole)
    broken = {
        "cut or damaged": [whole[:-1], whole + b"x", whole[:9]],
        "no IDX file": [b"", b"\0\0", b"PK\3\4 zip", b"\0\0\7\1" + bytes(8)],
        "cannot read": [zipped[:-9], zipped[:20], zipped[:15] + b"xxxx" + zipped[19:]],
    }
    for message, contents in broken.items():
        for content in contents:
            (tmp_path / "x").write_bytes(content)
            with pytest.raises(DataError, match=message):
                read_idx(tmp_path / "x")
