"""Raw rows of the shipped configs, as their users have them: a few of the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from mtl_search.config import Config
from mtl_search.data.readers.idx import read_idx
from mtl_search.data.readers.paths import find_file
from mtl_search.data.readers.semeval_text import sentences_of

ROWS = 12


def shipped_rows(config: Config) -> Any:
    """The first rows of the files that a shipped config reads."""
    arguments = config.data.arguments
    reader = {
        "table": _table,
        "image_pairs": _pairs,
        "image_folder": _images,
        "semeval": _sentences,
        "arrays": _arrays,
    }.get(config.data.name, _molecules)
    return reader(arguments)


def _table(arguments: Any) -> pd.DataFrame:
    path = find_file("path", arguments["path"], ())
    names = arguments.get("names")
    header: Literal["infer"] | None = "infer" if names is None else None
    return pd.read_csv(path, header=header, names=names, nrows=ROWS, skipinitialspace=True)


def _pairs(arguments: Any) -> dict[str, Any]:
    pixels = read_idx(Path(arguments["images"]))
    return {"left": pixels[:ROWS], "right": pixels[ROWS : 2 * ROWS]}


def _images(arguments: Any) -> list[Path]:
    return sorted(Path(arguments["path"]).absolute().rglob("*.png"))[:ROWS]


def _sentences(arguments: Any) -> list[str]:
    return sentences_of(Path(arguments["test"]).read_text().split("\n"))[:ROWS]


def _arrays(arguments: Any) -> dict[str, Any]:
    with np.load(arguments["path"]) as stored:
        return {name: stored[name][:ROWS] for name in arguments["inputs"]}


def _molecules(arguments: Any) -> pd.DataFrame:
    return pd.read_csv(arguments["path"], nrows=ROWS, usecols=["smiles"])
