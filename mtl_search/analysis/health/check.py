"""What a health check answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mtl_search.analysis.formats.markup import marked

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


class Checks(list[Check]):
    """The answers of all health checks, which a notebook shows as a list.

    Examples:
        >>> Checks([Check("trial count", False, "few trials: run more")])
        <Checks: 0 well, 1 warning, 0 unknown>
    """

    def __repr__(self) -> str:
        well, warnings = (sum(check.ok is answer for check in self) for answer in (True, False))
        plural = "" if warnings == 1 else "s"
        unknown = len(self) - well - warnings
        return f"<Checks: {well} well, {warnings} warning{plural}, {unknown} unknown>"

    def _repr_html_(self) -> str:
        """Return the warnings and the names of the other checks for a notebook."""
        parts = [
            marked(f"Warning, {check.name}:", f"{check.text}.", "warning")
            for check in self
            if check.ok is False
        ]
        well = [check.name for check in self if check.ok]
        if well:
            parts.append(marked("Checked, and well:", f"{', '.join(well)}.", "good"))
        unknown = [check.name for check in self if check.ok is None]
        if unknown:
            parts.append(marked("Could not be checked:", f"{', '.join(unknown)}.", "neutral"))
        return "".join(parts)


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
