"""What a file is that is not what its name says, and what is wrong with one that cannot be read."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

from mtl_search.errors import DataError, first_line, short

# The first bytes of a file → what it is.
_BEGINNINGS = {
    b"PAR1": "a Parquet file (.parquet)",
    b"\x1f\x8b": "compressed by gzip (.gz)",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x93NUMPY": "a single array of numpy (.npy)",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format": "a database of SQLite",
    b"\x89PNG": "an image (PNG)",
    b"\xff\xd8\xff": "an image (JPEG)",
    b"GIF8": "an image (GIF)",
    b"%PDF": "a PDF",
    b"ARROW1": "an Arrow or Feather file",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"\x80\x04\x95": "a pickle of Python",
    b"\x80\x05\x95": "a pickle of Python",
    b"version https://git-lfs": "a pointer of Git LFS, without the content (`git lfs pull`)",
}
_GZIP = "compressed by gzip (.gz)"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_ZIP = b"PK\x03\x04"
_MOST_BYTES = 1 << 28  # that are read again to find the line of a mistake


def what_it_is(path: Path) -> str:
    """Return what a file is by its first bytes, for a message; empty: a text, or unknown.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "table.csv")
        ...     _ = path.write_bytes(b"PAR1....")
        ...     what_it_is(path)
        'a Parquet file (.parquet)'
    """
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError:
        return ""
    if not start:
        return "empty"
    if start.startswith(_ZIP):
        return _what_zip(path)
    known = (what for beginning, what in _BEGINNINGS.items() if start.startswith(beginning))
    is_text = start[:2] in _UTF_16 or not any(0 < byte < 9 or 13 < byte < 27 for byte in start)
    return next(known, "") or (_what_text(start) if is_text else "bytes of another format")


def _what_text(start: bytes) -> str:
    """Return which markup a text begins with; empty: none."""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page (HTML)"
    if text.startswith(b"<?xml"):
        return "XML"
    if text.startswith((b'{"', b"[{", b"{\n", b"{\r")):
        return "JSON"
    return ""


def _what_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return "a zip archive that is damaged or cut off"
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook (save it as CSV)"
    if names and all(name.endswith(".npy") for name in names):
        return "arrays of numpy (.npz)"
    return "a zip archive (unpack it)"


def check_content(path: Path, suffix: str) -> None:
    """Refuse a table that is no table of its ending.

    Args:
        path: The file.
        suffix: Its ending, such as `.csv.gz`.

    Raises:
        DataError: It is empty, or of another format.
    """
    what = what_it_is(path)
    if what == "empty":
        raise DataError(f"{path} is empty")
    is_gzip = what == _GZIP
    if suffix in (".parquet", ".pq"):
        if not what.startswith("a Parquet"):
            raise DataError(f"{path} is no Parquet file{what and f', but {what}'}")
    elif (path.suffix.lower() == ".gz") != is_gzip:
        message = f"{path} is {what}; rename it to {path.name}.gz"
        raise DataError(message if is_gzip else f"{path} is not compressed by gzip")
    elif what and not is_gzip:
        raise DataError(f"{path} is no table of texts, but {what}")


def unreadable_arrays(path: Path, key: str, error: Exception) -> DataError:
    """Return the error of an array, or a file of arrays, that numpy cannot read, in a sentence.

    Args:
        path: The file.
        key: The key of the array; empty: the file itself.
        error: What numpy or a library below it has raised.
    """
    what = what_it_is(path)
    problem = first_line(error)
    if isinstance(error, FileNotFoundError):
        return DataError(f"there is no file {path}")
    if isinstance(error, IsADirectoryError):
        what = "a folder"
    if not key and what and not what.startswith(("arrays of", "a single")):
        return DataError(f"{path} is no file of numpy arrays, but {what}")
    name = f"{key!r} in {path}" if key else str(path)
    if "Object arrays" in problem or "Python objects" in problem:
        return DataError(f"{name} holds objects of Python; store numbers, or texts of one type")
    if "pickle" in problem:
        return DataError(f"{path} is no file of numpy arrays (numpy.savez, numpy.save)")
    if any(word in problem for word in ("CRC", "zip", "No data", "size", "reshape", "EOF")):
        return DataError(f"{name} is damaged or cut off")
    return DataError(f"cannot read {name}: {short(problem, 160)[1:-1]}")


def unreadable(
    path: Path, separator: str, encoding: str, error: Exception, cure: str = ""
) -> DataError:
    """Return the error of a table that pandas cannot read, in a sentence.

    Args:
        path: The file.
        separator: The text between its cells.
        encoding: How its characters are taken to be written.
        error: What pandas or a library below it has raised.
        cure: What helps against another encoding, where the caller cannot name one.
    """
    if isinstance(error, UnicodeError):
        return _wrong_encoding(path, encoding, cure)
    if isinstance(error, EOFError | gzip.BadGzipFile):
        return DataError(f"{path} is cut off: its compressed content has no end")
    kind = type(error).__name__
    problem = short(first_line(error).replace(str(path), path.name), 160)[1:-1]
    if kind in ("ParserError", "ParserWarning"):
        problem = problem.removeprefix("Error tokenizing data. C error: ")
        return DataError(
            f"cannot read {path}: {problem} (cells end with {separator!r}: `separator`)"
        )
    if path.suffix.lower() in (".parquet", ".pq"):
        return DataError(f"cannot read {path}: it is damaged or cut off ({problem})")
    return DataError(f"cannot read {path}: {kind}: {problem}")


def _wrong_encoding(path: Path, encoding: str, cure: str) -> DataError:
    """Return the error of a text in another encoding, with the line of the first wrong byte."""
    start = _read_some(path, 1 << 16)
    if start.startswith(_UTF_16):
        cure = cure or "`encoding: utf-16`"
        return DataError(f"{path} is not {encoding.upper()}, but UTF-16: {cure}")
    if start.count(b"\0") or sum(byte < 9 for byte in start) > len(start) // 50:
        return DataError(f"{path} is no text, but holds bytes of another format")
    content = _read_some(path, _MOST_BYTES)
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        cure = cure or "name its encoding, such as `encoding: latin-1` or `encoding: cp1252`"
        return DataError(f"{path} is not {encoding.upper()} from line {line} on: {cure}")
    except UnicodeError:
        pass
    cure = cure or "name its encoding by `encoding`"
    return DataError(f"{path} is not {encoding.upper()}: {cure}")


def _read_some(path: Path, size: int) -> bytes:
    is_gzip = path.suffix.lower() == ".gz"
    try:
        with gzip.open(path) if is_gzip else path.open("rb") as file:
            return bytes(file.read(size))
    except (OSError, EOFError):
        return b""
