"""The columns of a table that are targets, encoded as their specification says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mtl_search.config.checks import check_choice, check_names
from mtl_search.data.dataset import Target
from mtl_search.data.datasets.target_spec import TargetSpec, with_all_targets
from mtl_search.data.preprocessing.labels import encode_target
from mtl_search.data.readers.cells import as_column, plain_text
from mtl_search.data.readers.tables import RawColumns

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


def raw_columns(
    specs: Mapping[str, TargetSpec], reserved: Collection[str | None] = ()
) -> RawColumns:
    """Return which columns are those in which texts such as NA or None may be classes.

    Args:
        specs: Target name or pattern → its specification.
        reserved: Columns that are no targets.

    Returns:
        The names of a table's columns → those that are read as they are.
    """

    def of(names: Sequence[str]) -> frozenset[str]:
        found = with_all_targets(specs, names, reserved).values()
        kinds = ("class", "binary")
        return frozenset(source for spec in found if spec.kind in kinds for source in spec.sources)

    return of


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
