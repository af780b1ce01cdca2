"""Arrays in the IDX format of MNIST and its likes, plain or gzipped.

A file has two zero bytes, a byte for the type, a byte for the number of dimensions, the dimensions
as big-endian 32-bit integers, and then the values (Y. LeCun, C. Cortes and C. Burges,
http://yann.lecun.com/exdb/mnist).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from mtl_search.data.types import Array
from mtl_search.errors import DataError

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
IDX_SUFFIXES = ("-ubyte.gz", "-ubyte", ".idx", ".idx.gz")


def read_idx(path: Path) -> Array:
    """Read the array in a file, in the machine's own byte order.

    Raises:
        DataError: The file cannot be read, is no IDX file, or is shorter or longer than its
            dimensions say.
    """
    try:
        raw = path.read_bytes()
        content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}") from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES or content[3] == 0:
        raise DataError(f"{path} is no IDX file")
    dtype = np.dtype(_TYPES[content[2]])
    dimensions = content[3]
    begin = 4 + 4 * dimensions
    if len(content) < begin:
        raise DataError(f"{path} is cut or damaged: it ends before its {dimensions} dimensions do")
    shape = struct.unpack(f">{dimensions}I", content[4:begin])
    nbytes = math.prod(shape) * dtype.itemsize
    if len(content) - begin != nbytes:
        raise DataError(
            f"{path} is cut or damaged: it says {nbytes} bytes of values and has "
            f"{len(content) - begin}"
        )
    values = np.frombuffer(content, dtype, offset=begin).reshape(shape)
    return values.astype(dtype.newbyteorder("="))
