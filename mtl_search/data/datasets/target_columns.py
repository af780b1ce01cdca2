"""The columns of a table that are targets, encoded as their specification says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mtl_search.config.checks import check_choice, check_names
from mtl_search.data.dataset import Target
from mtl_search.data.datasets.target_spec import TargetSpec
from mtl_search.data.preprocessing.labels import encode_target
from mtl_search.data.readers.cells import as_column, plain_text

if TYPE_CHECKING:
    import pandas as pd


def check_target_columns(frame: pd.DataFrame, specs: Mapping[str, TargetSpec]) -> None:
    """Check that the columns of all targets exist.

    Raises:
        ConfigError: One does not.
    """
    for name, spec in specs.items():
        key = "columns" if spec.kind == "multilabel" else "column"
        for source in spec.sources:
            # `species: class` has no key for the column, so the path ends with the target.
            path = f"targets.{name}" if source == name else f"targets.{name}.{key}"
            check_choice(source, f"data.{path}", frame.columns, "column")


def raw_columns(specs: Mapping[str, TargetSpec]) -> frozenset[str]:
    """Return the columns in which texts such as NA or None may be classes."""
    kinds = ("class", "binary")
    return frozenset(
        source for spec in specs.values() if spec.kind in kinds for source in spec.sources
    )


def check_columns(value: object, path: str) -> tuple[str, ...]:
    """Return names of columns in their normal form.

    Raises:
        ConfigError: The value is no list of names, or a name is given twice.
    """
    return check_names(list(map(plain_text, check_names(value, path))), path)


def column_target(name: str, frame: pd.DataFrame, spec: TargetSpec) -> Target:
    """Encode the column or columns of a target.

    Args:
        name: The target's name, for messages.
        frame: The table.
        spec: Which columns, and what they mean.

    Raises:
        RowError: A label does not fit.
    """
    if spec.kind != "multilabel":
        column = as_column(frame[spec.sources[0]])
        return encode_target(name, column, spec.kind, spec.missing, spec.positive)
    # Each column is encoded by itself, since each may be written in its own way (0/1, false/true).
    labels = [
        encode_target(f"{name}: {source}", frame[[source]].to_numpy(), "multilabel").values
        for source in spec.sources
    ]
    return Target(np.concatenate(labels, axis=1), "multilabel", spec.sources)
