"""The columns of a table that are targets, encoded as their specification says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.config.checks import check_choice
from mtl_search.data.dataset import Target
from mtl_search.data.datasets.target_spec import TargetSpec
from mtl_search.data.preprocessing.labels import encode_target
from mtl_search.data.readers.cells import as_column, category_text, factorize, missing_cells
from mtl_search.data.types import MISSING
from mtl_search.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)


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


def column_target(name: str, frame: pd.DataFrame, spec: TargetSpec) -> Target:
    """Encode the column or columns of a target.

    Args:
        name: The target's name, for messages.
        frame: The table.
        spec: Which columns, and what they mean.
    """
    if spec.positive is not None:
        return _one_against_rest(name, frame[spec.sources[0]], spec.positive)
    if spec.kind != "multilabel":
        column = as_column(frame[spec.sources[0]])
        target = encode_target(name, column, spec.kind, spec.missing)
        if spec.missing is None and spec.kind in ("class", "binary"):
            _tell_reserved(name, column, target)
        return target
    # Each column is encoded by itself, since each may be written in its own way (0/1, false/true).
    labels = [
        encode_target(f"{name}: {source}", frame[[source]].to_numpy(), "multilabel").values
        for source in spec.sources
    ]
    return Target(np.concatenate(labels, axis=1), "multilabel", spec.sources)


def _tell_reserved(name: str, column: pd.Series[Any], target: Target) -> None:
    """Warn of cells of -1, which may have been meant as a class."""
    count = int((~target.labelled & ~missing_cells(column)).sum())
    if count:
        logger.warning(
            "target %r: %d of %d labels are -1, which counts as missing; where it is a class, say "
            "`data.targets.%s: {kind: %s, missing: []}`, else `missing: [-1]`",
            name, count, len(column), name, target.kind,
        )  # fmt: skip


def _one_against_rest(name: str, column: pd.Series[Any], positive: str) -> Target:
    """Encode a column as 1 where it has the value, 0 where another, missing where none."""
    is_missing = missing_cells(column)
    positive_text = category_text(positive)
    codes, values = factorize(as_column(column))
    equal_values = np.array([category_text(value) == positive_text for value in values], bool)
    equal = equal_values[codes] & ~is_missing
    if not equal.any():
        raise ConfigError(
            "no row has this value",
            path=f"data.targets.{name}.positive",
            value=positive,
            allowed=sorted(set(column[~is_missing].astype(str).str.strip()))[:20],
        )
    return Target(np.where(is_missing, MISSING, equal), "binary", ("other", positive))
