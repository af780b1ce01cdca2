"""What the preparation of raw rows needs beside JSON, kept once for all networks of a sweep."""

from __future__ import annotations

from pathlib import Path

from mtl_search.data import DataSet
from mtl_search.data.preparation.stored import write_files
from mtl_search.data.spec import preparation_of
from mtl_search.storage.atomic import replace_folder
from mtl_search.storage.sweep_directory import preparation_folder


def keep_preparation(folder: Path, data: DataSet) -> None:
    """Copy tokenizers and the like into the sweep's folder, where none are there yet.

    Args:
        folder: The sweep's folder.
        data: The data set.

    Raises:
        DataError: What the preparation needs is not here.
    """
    preparation = preparation_of(data)
    kept = preparation_folder(folder)
    if preparation.has_files and not kept.exists():
        replace_folder(kept, lambda new: write_files(preparation, new))
