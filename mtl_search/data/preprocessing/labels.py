"""Raw labels as found in files → `Target`.

Missing labels are NaN, None, NaT and texts of nothing but blanks. For classes and tags, -1 and the
texts that pandas reads as missing (NA, nan, None, ...) are, too, and told, unless the target says
otherwise. They are marked as missing and never become a class or a zero.

Classes are taken from all rows, not from the train rows alone: a label that first occurs in the
test split must have a number there. This tells the network how many classes exist, and nothing of
which sample has which. See `classes` for their names and their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mtl_search.data.dataset import Target
from mtl_search.data.preparation.base import RowError
from mtl_search.data.preprocessing.classes import (
    Coded,
    code_classes,
    tell_positive,
    tell_reserved,
)
from mtl_search.data.preprocessing.written import check_classes, written_hint
from mtl_search.data.readers.cells import as_column, as_numbers, missing_cells
from mtl_search.data.types import MISSING, Array, TargetKind
from mtl_search.errors import ConfigError, DataError, short

if TYPE_CHECKING:
    from mtl_search.data.readers.cells import Column

_MAX_LISTED = 6
# The most that rounding to float32 may change a real label, in the labels' standard deviations.
_MAX_ROUNDING = 0.01
_BINARY_NUMBERS = {"0": 0, "1": 1, "False": 0, "True": 1}


def encode_target(
    name: str,
    values: Array | Column,
    kind: TargetKind,
    missing: Sequence[str] | None = None,
    positive: str | None = None,
) -> Target:
    """Encode raw labels as a target.

    Args:
        name: The name of the target, for messages.
        values: (N,) raw labels; (N, L) for `multilabel`, (N, ...) for `vector`, (N, T) for `tags`.
        kind: What the labels mean.
        missing: The labels of classes and tags that count as missing beside empty ones; default:
            -1, the texts that pandas reads as missing, and for tags -100, by which tokenizers pad.
        positive: The label of a binary target that counts as 1, in its normal form; all others
            are 0. None: the second of two in their order, with a warning where that is a guess.

    Raises:
        ConfigError: No label is the positive one.
        DataError: The labels do not fit the kind; the message shows some of them.

    Examples:
        >>> target = encode_target("animal", np.array(["cat", "", "dog"]), "class")
        >>> target.values.tolist(), target.classes
        ([0, -1, 1], ('cat', 'dog'))
    """
    raw = np.asarray(values)
    if kind == "vector" and raw.ndim > 1:
        return _vectors(name, raw.reshape(len(raw), -1))
    dimensions = 2 if kind in ("multilabel", "vector", "tags") else 1
    if raw.ndim != dimensions:
        raise DataError(
            f"target {name!r}: {kind} labels have {dimensions} dimension(s); given: {raw.shape}"
        )
    if kind == "real":
        return Target(_real_labels(name, as_column(values)), kind)
    column = as_column(values if raw.ndim == 1 else raw.reshape(-1))
    coded = code_classes(column, kind, missing)
    codes, classes = coded.codes, coded.classes
    if not classes:
        raise DataError(f"target {name!r} has no labels at all: every row is missing")
    tell_reserved(name, kind, coded)
    if positive is not None:
        return Target(*_one_against_rest(name, coded, positive))
    if kind in ("binary", "multilabel"):
        codes, classes = _binary_codes(name, codes, classes, kind)
    if kind == "multilabel":
        classes = tuple(map(str, range(raw.shape[1])))
    elif kind == "class":
        check_classes(name, coded)
    return Target(codes.reshape(raw.shape), kind, classes)


def _one_against_rest(
    name: str, coded: Coded, positive: str
) -> tuple[Array, TargetKind, tuple[str, ...]]:
    """Return labels of 1 where a row has the positive class, 0 where another, and both names."""
    if positive not in coded.classes:
        raise ConfigError(
            "no row has this value",
            path=f"data.targets.{name}.positive",
            value=positive,
            allowed=coded.classes,
        )
    number = coded.classes.index(positive)
    labels = np.where(coded.codes == MISSING, MISSING, coded.codes == number)
    others = [text for text in coded.classes if text != positive]
    return labels, "binary", (others[0] if len(others) == 1 else "other", positive)


def _vectors(name: str, raw: Array) -> Target:
    """Encode (N, L) numbers, whose elements are named by their place."""
    numbers = _real_labels(name, as_column(raw.reshape(-1))).reshape(raw.shape)
    return Target(numbers, "vector", tuple(map(str, range(raw.shape[1]))))


def _real_labels(name: str, values: Column) -> Array:
    numbers = as_numbers(values)
    if numbers is None:
        row, texts = _texts_without_number(values)
        raise RowError(
            f"target {name!r} is real, but not all of its labels are numbers; some: "
            f"{', '.join(map(short, texts[:_MAX_LISTED]))}; the first is in row",
            row,
            written_hint(texts) and f" ({written_hint(texts)})",
        )
    if np.isinf(numbers).any():
        row = int(np.isinf(numbers).argmax())
        raise RowError(f"target {name!r} has infinite labels, the first in row", row, "")
    _check_precision(name, numbers[~np.isnan(numbers)])
    return numbers


def _check_precision(name: str, numbers: Array) -> None:
    """Refuse labels that float32 cannot tell apart, such as today's seconds since 1970."""
    if not numbers.size:
        return
    low = numbers.min()
    high = numbers.max()
    if max(abs(low), abs(high)) > np.finfo(np.float32).max:
        raise DataError(
            f"target {name!r} has labels from {low:g} to {high:g}: scale them, single precision "
            "ends at 3e38"
        )
    rounding = np.abs(numbers - numbers.astype(np.float32)).max()
    if rounding > _MAX_ROUNDING * numbers.std():
        raise DataError(
            f"target {name!r} has labels from {low:.12g} to {high:.12g}, which single precision "
            f"rounds by up to {rounding:.2g}: take a constant such as their mean from them"
        )


def _texts_without_number(values: Column) -> tuple[int, list[str]]:
    """Return the first row without a number, and the values that are none, or all values."""
    import pandas as pd

    given = values[~missing_cells(values)].astype(object)
    unparsed = given[pd.to_numeric(given, errors="coerce").isna()]
    shown = unparsed if len(unparsed) else given
    return int(shown.index[0]), list(dict.fromkeys(shown.astype(str)))


def _binary_codes(
    name: str, codes: Array, classes: tuple[str, ...], kind: TargetKind
) -> tuple[Array, tuple[str, ...]]:
    """Return codes in {0, 1} and the names of both classes.

    One class alone is accepted only where it is certain which of the two it is.
    """
    listed = ", ".join(map(short, classes[:_MAX_LISTED]))
    if len(classes) > _MAX_LISTED:
        listed += ", ..."
    if kind == "multilabel" and not set(classes) <= set(_BINARY_NUMBERS):
        raise DataError(
            f"target {name!r} is multilabel: its labels must be 0 or 1 (-1 where missing); "
            f"found: {listed}"
        )
    if len(classes) == 2:
        if kind == "binary":
            tell_positive(name, classes)
        return codes, classes
    if len(classes) > 2:
        rarest = int(np.argmin(np.bincount(codes[codes != MISSING])))
        raise RowError(
            f"target {name!r} is binary, but has {len(classes)} classes ({listed}; the rarest is "
            f"{short(classes[rarest])}, first in row",
            int((codes == rarest).argmax()),
            "); should it be `class`?",
        )
    (only,) = classes
    # A lone 1 may be what is left of labels -1 and 1, whose -1 means missing here; a lone 0 cannot.
    if only not in _BINARY_NUMBERS or (only == "1" and (codes == MISSING).any()):
        raise DataError(
            f"target {name!r} has one class only ({listed}); -1 means missing, so write the others "
            "as 0"
        )
    both = ("0", "1") if only in "01" else ("False", "True")
    return np.where(codes == MISSING, MISSING, _BINARY_NUMBERS[only]), both
