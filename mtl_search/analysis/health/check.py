"""What a health check answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_MOST_FINDINGS = 4  # in one text; the JSON report has the numbers behind the others


@dataclass(frozen=True)
class Check:
    """The answer of one health check.

    Attributes:
        name: What was checked.
        ok: Whether all is well; None where it could not be told.
        text: What was seen, and for a warning what to do about it.
    """

    name: str
    ok: bool | None
    text: str


def sentence(findings: Iterable[str], advice: str) -> str:
    """Return the text of a warning: what was seen, then what to do.

    Examples:
        >>> sentence(["a is high", "b is high"], "lower both")
        'a is high; b is high: lower both'
    """
    seen = list(findings)
    hidden = len(seen) - _MOST_FINDINGS
    if hidden > 0:
        seen = [*seen[:_MOST_FINDINGS], f"and {hidden} more"]
    return f"{'; '.join(seen)}: {advice}"
