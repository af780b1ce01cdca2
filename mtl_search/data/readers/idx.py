"""Arrays in the IDX format of MNIST and its likes, plain or gzipped.

Two zero bytes, a byte for the type, a byte for the number of dimensions, the dimensions as big-endian 32-bit integers,
then the values (Y. LeCun, C. Cortes and C. Burges, http://yann.lecun.com/exdb/mnist).
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from mtl_search.data.types import Array
from mtl_search.errors import DataError

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
IDX_SUFFIXES = ("-ubyte.gz", "-ubyte", ".idx", ".idx.gz")


def read_idx(path: Path) -> Array:
    """The array in a file, in the machine's own byte order.

    Raises:
        DataError: The file cannot be read, is no IDX file, or is shorter or longer than it says.
    """
    try:
        raw = path.read_bytes()
        content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES or content[3] == 0:
        raise DataError(f"{path} is no IDX file")
    kind, dimensions = np.dtype(_TYPES[content[2]]), content[3]
    begin = 4 + 4 * dimensions
    shape = np.frombuffer(content[4:begin], ">u4") if len(content) >= begin else np.empty(0)
    wanted = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    if len(shape) != dimensions or len(content) - begin != wanted:
        raise DataError(
            f"{path} is cut or damaged: it says {wanted} bytes of values and has {len(content) - begin}"
        )
    return (
        np.frombuffer(content, kind, offset=begin)
        .reshape(tuple(map(int, shape)))
        .astype(kind.newbyteorder("="))
    )
