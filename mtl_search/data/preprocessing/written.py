"""Numbers and dates that are written as texts, and numbers that are taken for classes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from mtl_search.data.preprocessing.classes import Coded
from mtl_search.data.types import MISSING
from mtl_search.errors import DataError, short

_NUMBER = r"[+-]?[0-9]+(?:[.,][0-9]+)*"
_DAY = r"[0-9]{1,2}"
_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:\s?[AaPp][Mm])?(?:Z|[+-][0-9:]{4,6})?"
_DATE = rf"(?:[0-9]{{4}}[-/.]{_DAY}[-/.]{_DAY}|{_DAY}[-/.]{_DAY}[-/.](?:[0-9]{{4}}|[0-9]{{2}}))"
_THOUSANDS = (
    r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?",
    r"[+-]?[0-9]{1,3}(?:\.[0-9]{3}){2,}(?:,[0-9]+)?",
    r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+",
    r"[+-]?[0-9]{1,3}(?:[ \u00a0\u202f'\u2019][0-9]{3})+(?:[.,][0-9]+)?",
)
# What texts look like → how they become numbers. The first that fits all of them counts.
_FORMS = {
    "percentages": (rf"{_NUMBER}\s*[%‰]", "write them without the sign"),
    "amounts of money": (
        rf"[$€£¥]\s*{_NUMBER}|{_NUMBER}\s*[$€£¥]",
        "write them without the sign",
    ),
    "numbers with thousands separators": (
        "|".join(_THOUSANDS),
        "write them without the separators, or where the comma is decimal, say `decimal: ','`",
    ),
    "numbers with decimal commas": (
        r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?",
        "read them by `decimal: ','`",
    ),
    "dates": (
        rf"{_DATE}(?:[T\s]+{_TIME})?",
        "write numbers, such as days since the first, or parts such as the month",
    ),
    "times": (_TIME, "write numbers, such as minutes"),
    "numbers with units": (
        rf"{_NUMBER}\s?(?:[kKmMcµ]?[mglLVAWJN]|[kM]?Hz|°?C|°F|K|h|s|min|lbs?|oz|in|ft|mmHg)",
        "write them without the unit",
    ),
}
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def written_form(texts: Sequence[str]) -> tuple[str, str] | None:
    """Return what texts are that stand for numbers or dates, and how they become numbers.

    Plain numbers among them are fine where they are not all. The answer is None for other texts.

    Examples:
        >>> written_form(["12 %", "7.5 %"])
        ('percentages', 'write them without the sign')
        >>> written_form(["2024-01-31", "soon"]) is None
        True
    """
    others = [text.strip() for text in texts if not _PLAIN.fullmatch(text.strip())]
    if not others or any(len(text) > 40 for text in others):
        return None
    for name, (pattern, cure) in _FORMS.items():
        if all(map(re.compile(pattern).fullmatch, others)):
            return name, cure
    return None


def written_hint(texts: Sequence[str]) -> str:
    """Return a hint for texts that ought to be numbers; empty for other texts."""
    form = written_form(texts)
    return f"these are {form[0]}: {form[1]}" if form is not None else ""


def check_classes(name: str, coded: Coded) -> None:
    """Refuse classes that are numbers of a scale, or of which each row has one of its own.

    Codes 0, 1, 2, ... are classes however many they are.

    Args:
        name: The name of the target, for messages.
        coded: Its labels.

    Raises:
        DataError: They are.
    """
    count = len(coded.classes)
    rows = int((coded.codes != MISSING).sum())
    if count <= 20:
        return
    examples = ", ".join(map(short, coded.classes[:3]))
    many = f"target {name!r} has {count} classes in {rows} rows, such as {examples}"
    form = None if coded.are_numbers else written_form(coded.classes)
    if coded.are_numbers:
        numbers = np.array(coded.classes, np.float64)
        is_whole = bool((numbers == np.rint(numbers)).all())
        if is_whole and numbers[-1] - numbers[0] < 1.5 * count:
            return
        if rows < 10 * count or (count > 100 and not is_whole):
            raise DataError(
                f"{many}: numbers of a scale are `real`; where they are classes, write them as "
                "texts, such as 'c1.5'"
            )
    elif form is not None and rows < 5 * count:
        raise DataError(f"{many}: these are {form[0]} (for `real`, {form[1]})")
    elif rows < 2 * count:
        raise DataError(f"{many}: nearly every row has a text of its own, and no class to learn")
