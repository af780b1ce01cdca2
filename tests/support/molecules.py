"""A data set of one's own: molecules as hashed pieces of their SMILES text. `configs/tox21.yaml`
names it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mtl_search.data import DataSet, Field, Preparation, Prepared, Target
from mtl_search.data.splits import random_split
from mtl_search.errors import DataError


def molecules(
    path: str,
    targets: Sequence[str],
    *,
    column: str = "smiles",
    width: int = 1024,
    longest: int = 4,
    seed: int = 0,
) -> DataSet:
    """One view `pieces`, (N, width) float32, and a binary target a column, -1 where there is no
    measurement.

    A piece is a stretch of 1 to `longest` characters of the text. Its count, as log(1 + count), is
    added to the place that its checksum says; Python's own `hash` would say another one in every
    process.

    Args:
        path: A CSV, plain or gzipped.
        targets: Columns of 0 and 1, some cells empty.
        column: The one with the SMILES. Molecules of equal text come into one split.
        width: Places.
        longest: The most characters of a piece.
        seed: Of the split.
    """
    frame = pd.read_csv(path)
    texts = frame[column].to_numpy(dtype=str)
    preparation = Pieces(column, width, longest)
    parts = {"train": 0.7, "validation": 0.15, "test": 0.15}
    labels = {name: frame[name].fillna(-1).to_numpy(np.int64) for name in targets}
    return DataSet(
        inputs=preparation.transform(frame).inputs,
        targets={
            name: Target(values, "binary", ("inactive", "active"))
            for name, values in labels.items()
        },
        splits=random_split(len(texts), parts, seed, groups=texts),
        preparation=preparation,
    )


@dataclass(frozen=True)
class Pieces(Preparation):
    """SMILES → the view `pieces`, so that a trained network reads new molecules.

    Attributes:
        column: The column of a table with the SMILES; a list of them will do, too.
        width: The number of places.
        longest: The most characters of a piece.
    """

    column: str
    width: int
    longest: int

    def transform(self, raw: Any) -> Prepared:
        if hasattr(raw, "columns"):
            if self.column not in raw.columns:
                raise DataError(f"the input has no column {self.column!r} with SMILES")
            raw = raw[self.column]
        pieces = np.zeros((len(raw), self.width), np.float32)
        for row, text in enumerate(raw):
            for place in _places(str(text), self.width, self.longest):
                pieces[row, place] += 1
        return Prepared({"pieces": np.log1p(pieces)})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> Pieces:
        return cls(**tree)

    def describe(self) -> tuple[Field, ...]:
        return (Field(self.column, "sentence", "str"),)

    def example(self) -> pd.DataFrame:
        return pd.DataFrame({self.column: ["CCO", "c1ccccc1O"]})

    def read(self, path: Path, size: int) -> Iterator[pd.DataFrame]:
        yield from pd.read_csv(path, usecols=[self.column], chunksize=size)


def _places(text: str, width: int, longest: int) -> list[Any]:
    ends = range(1, longest + 1)
    return [
        zlib.crc32(text[k : k + n].encode()) % width for n in ends for k in range(len(text) - n + 1)
    ]
