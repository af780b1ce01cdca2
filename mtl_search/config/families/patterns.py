"""Names with a `*`, which stand for all names that they match."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache

from mtl_search.errors import ConfigError

_SHOWN = 5


def is_pattern(name: str) -> bool:
    """Return whether a name stands for several.

    Examples:
        >>> is_pattern("assay_*"), is_pattern("assay_1")
        (True, False)
    """
    return "*" in name


def matches(pattern: str, name: str) -> bool:
    """Return whether a name fits a pattern, in which `*` stands for any text, also for none.

    Examples:
        >>> matches("assay_*", "assay_12"), matches("*_ic50", "assay_12")
        (True, False)
    """
    return _expression(pattern).fullmatch(unicodedata.normalize("NFC", name)) is not None


def best_pattern(name: str, patterns: Iterable[str]) -> str | None:
    """Return the pattern that a name belongs to, or None.

    The one with the most characters beside its `*` counts; of equals the first.

    Examples:
        >>> best_pattern("assay_12", ["*", "assay_*", "as*"])
        'assay_*'
    """
    found = [pattern for pattern in patterns if matches(pattern, name)]
    return max(found, key=lambda pattern: len(pattern.replace("*", "")), default=None)


def members(patterns: Collection[str], names: Iterable[str]) -> dict[str, list[str]]:
    """Return pattern → the names that belong to it, in their order; each name belongs to one.

    Examples:
        >>> members(["a*", "ab*"], ["ax", "abc", "b"])
        {'a*': ['ax'], 'ab*': ['abc']}
    """
    found: dict[str, list[str]] = {pattern: [] for pattern in patterns}
    for name in names:
        pattern = best_pattern(name, patterns)
        if pattern is not None:
            found[pattern].append(name)
    return found


def check_found(
    found: Collection[str], pattern: str, path: str, kind: str, names: Iterable[str]
) -> None:
    """Refuse a pattern that no name belongs to.

    Args:
        found: The names that belong to it.
        pattern: The pattern.
        path: Dotted path of its section.
        kind: What the names stand for, in the plural.
        names: All names there are.

    Raises:
        ConfigError: None belongs to it; the nearest names are shown.
    """
    if found:
        return
    names = list(names)
    raise ConfigError(
        f"the pattern matches none of the {len(names)} {kind} that have no section of their own",
        path=path,
        value=pattern,
        allowed=_nearest(pattern, names),
    )


def in_short(names: Collection[str]) -> str:
    """Return how many names there are, and the first and the last.

    Examples:
        >>> in_short(["a1", "a2", "a3"]), in_short(["a1"])
        ('3: a1 ... a3', '1: a1')
    """
    ordered = list(names)
    if len(ordered) < 3:
        return f"{len(ordered)}: {', '.join(ordered)}"
    return f"{len(ordered)}: {ordered[0]} ... {ordered[-1]}"


def _nearest(pattern: str, names: list[str]) -> list[str]:
    text = pattern.replace("*", "").lower()
    by_lower = {name.lower(): name for name in reversed(names)}
    near = difflib.get_close_matches(text, by_lower, n=_SHOWN, cutoff=0.3)
    shown = [by_lower[name] for name in near] or names[:_SHOWN]
    return [*shown, "..."] if len(shown) < len(names) else shown


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    pattern = unicodedata.normalize("NFC", pattern)  # é in one and in two code points
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
