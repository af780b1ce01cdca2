"""Raw labels → classes by number, and the positive side of binary ones.

Labels that are all numbers are sorted as numbers and named by their shortest text, so that 1, 1.0
and "1" are one class. A column in which a number begins with 0, as codes do (01234), is one of
texts, and so is one in which anything is no number; texts are sorted in their normal form.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mtl_search.data.readers.cells import (
    MISSING_TEXTS,
    as_numbers,
    category_text,
    factorize,
    is_code,
    missing_cells,
    number_text,
)
from mtl_search.data.types import MISSING, Array, TargetKind
from mtl_search.errors import short

if TYPE_CHECKING:
    from mtl_search.data.readers.cells import Column

logger = logging.getLogger(__name__)

# From here on, float64 no longer tells whole numbers apart, so such labels are compared as texts.
_EXACT = 2.0**53
# Blank cells are missing without a word.
RESERVED_TEXTS = tuple(text for text in MISSING_TEXTS if text)
# The words of either side of a binary target, in small letters.
_NEGATIVE = frozenset(
    [
        "0", "no", "n", "not", "none", "never", "false", "f", "off", "negative", "neg", "-",
        "healthy", "normal", "control", "absent", "absence", "without", "benign", "ham", "legit",
        "genuine", "ok", "good", "alive", "survived", "nein", "non", "inactive", "stay", "stayed",
    ]
)  # fmt: skip
_POSITIVE = frozenset(
    [
        "1", "yes", "y", "true", "t", "on", "positive", "pos", "+", "ill", "sick", "diseased",
        "disease", "case", "present", "presence", "with", "malignant", "spam", "fraud",
        "fraudulent", "defect", "defective", "bad", "dead", "died", "ja", "oui", "active", "churn",
        "churned", "abnormal",
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Coded:
    """A column of labels as numbers of classes.

    Attributes:
        codes: The class of each row, (N,) int64, -1 where missing.
        classes: The names of the classes, in the order of their numbers.
        reserved: Labels that count as missing by convention alone → how many rows have them.
        are_numbers: Whether all labels are numbers.
    """

    codes: Array
    classes: tuple[str, ...]
    reserved: Mapping[str, int]
    are_numbers: bool


def code_classes(values: Column, kind: TargetKind, missing: Sequence[str] | None = None) -> Coded:
    """Assign numbers to the classes of a column.

    Args:
        values: The column.
        kind: The kind of its target.
        missing: The labels that count as missing beside empty ones, in their normal form; None:
            those that do by convention, which are -1, the texts that pandas reads as missing, and
            of tags -100.
    """
    from pandas.api.types import is_datetime64_any_dtype

    if is_datetime64_any_dtype(values.dtype):  # 2019-01-02 without 00:00:00
        values = values.astype(str).mask(values.isna())
    places, distinct = factorize(values)
    present = np.flatnonzero(~missing_cells(distinct))
    texts = {int(place): category_text(distinct.iloc[place]) for place in present}
    left_out = _reserved(kind) if missing is None else frozenset(missing)
    kept = {place: text for place, text in texts.items() if text not in left_out}
    names, are_numbers = _names(distinct.iloc[list(kept)], kept)
    numbers = {name: number for number, name in enumerate(names)}
    code_of = np.full(len(distinct), MISSING, np.int64)
    for place, text in kept.items():
        code_of[place] = numbers[text]
    counts = np.bincount(places, minlength=len(distinct))
    reserved: dict[str, int] = {}
    for place, text in texts.items():
        if missing is None and text in left_out:
            reserved[text] = reserved.get(text, 0) + int(counts[place])
    return Coded(code_of[places], names, reserved, are_numbers)


def _names(given: Column, texts: dict[int, str]) -> tuple[tuple[str, ...], bool]:
    """Return the names of the classes in their order, and whether they are numbers.

    Where they are, `texts` gets the shortest text of each.
    """
    numbers = None
    if not any(map(is_code, texts.values())):
        numbers = as_numbers(given)
    if numbers is None or not (np.abs(numbers) < _EXACT).all():
        return tuple(sorted(set(texts.values()))), False
    texts |= {place: number_text(number) for place, number in zip(texts, numbers, strict=True)}
    return tuple(map(number_text, np.unique(numbers))), True


def _reserved(kind: TargetKind) -> frozenset[str]:
    return frozenset(("-1", *(("-100",) if kind == "tags" else ()), *RESERVED_TEXTS))


def tell_reserved(name: str, kind: TargetKind, coded: Coded) -> None:
    """Warn of labels that count as missing by convention, which may have been meant as a class."""
    if not coded.reserved or kind in ("tags", "multilabel"):  # where -1 can mean nothing else
        return
    rows = len(coded.codes)
    counted = ", ".join(f"{count} of {rows} labels are {x}" for x, count in coded.reserved.items())
    logger.warning(
        "target %r: %s, which counts as missing; where it is a class, say "
        "`data.targets.%s: {kind: %s, missing: []}`, else `missing: [%s]`",
        name, counted, name, kind, ", ".join(coded.reserved),
    )  # fmt: skip


def tell_positive(name: str, classes: tuple[str, ...]) -> None:
    """Warn where nothing but their order says which of two classes is the positive one."""
    negative, positive = (text.casefold() for text in classes)
    if positive in _POSITIVE and negative not in _POSITIVE:
        return
    if negative in _NEGATIVE and positive not in _NEGATIVE:
        return
    logger.warning(
        "target %r: %s counts as positive and %s as negative, by their order alone; say which one "
        "is meant, such as `data.targets.%s: {kind: binary, positive: %s}`",
        name, *map(short, classes[::-1]), name, short(classes[0]),
    )  # fmt: skip
