"""Does a winner's value stand at the end of its range, so that better ones may lie outside?

An end is the outer 2 % of a range, on the scale on which it is drawn. Of a value drawn at random
that is 4 %, so a winner there is a sign. Two kinds of ends say nothing: those of the sharing depth,
which are no sharing and all stages shared, and a low end of 0, below which a rate has no meaning.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health.check import Check, sentence
from mtl_search.config import Config
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

NAME = "search range"
END = 0.02

_DEPTH = "model.sharing"
_WEIGHT = ".loss_weight"


def check_search_range(evidence: Evidence) -> Check:
    """Warn of winners at the end of a range."""
    findings: list[str] = []
    keys: dict[str, None] = {}
    checked = 0
    for trial in evidence.winners():
        for path, value, distribution in _searched(evidence.record, trial):
            checked += 1
            end = end_of_range(value, distribution)
            if end is None or (end == "lower" and _is_natural(distribution)):
                continue
            low, high = distribution["low"], distribution["high"]
            what = f"{path} as a ratio" if path.endswith(_WEIGHT) else path
            findings.append(
                f"the best of {trial.arm} has {what} {value:.3g}, at the {end} end of "
                f"{low:.3g} … {high:.3g}"
            )
            keys[_key(evidence.config, path)] = None
    if findings:
        return Check(NAME, ok=False, text=sentence(findings, f"widen {', '.join(keys)}"))
    if not checked:
        return Check(NAME, ok=None, text="no number is searched")
    return Check(NAME, ok=True, text="no winner stands at the end of its range")


def end_of_range(value: float, distribution: Mapping[str, Any]) -> str | None:
    """Return `lower` or `upper` for a value in the outer 2 % of its range; None for others.

    Args:
        value: The value.
        distribution: `low`, `high` and `log` of the distribution that it was drawn from.

    Examples:
        >>> end_of_range(0.029, {"low": 0.001, "high": 0.03, "log": True})
        'upper'
    """
    low, high = float(distribution["low"]), float(distribution["high"])
    if not low < high:
        return None
    place = float(value)
    if distribution.get("log"):
        low, high, place = math.log(low), math.log(high), math.log(place)
    position = (place - low) / (high - low)
    if position >= 1.0 - END:
        return "upper"
    return "lower" if position <= END else None


def _searched(
    record: SweepRecord, trial: TrialRecord
) -> Iterator[tuple[str, float, Mapping[str, Any]]]:
    """Yield path, value and distribution of each number that a trial's arm searches.

    A trial with the settings of another arm was not drawn; it has its ranges from the others.
    """
    ranges = {path: text for t in record.arm(trial.arm) for path, text in t.distributions.items()}
    for path, text in ranges.items():
        distribution = json.loads(text)["attributes"]
        value = trial.params.get(path) if path in trial.distributions else _given(trial, path)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and "low" in distribution and not path.startswith(_DEPTH):
            yield path, value, distribution  # type: ignore[misc]


def _given(trial: TrialRecord, path: str) -> Any:
    """Return a value that was given to a trial; None for weights, whose ranges are of ratios."""
    return None if path.endswith(_WEIGHT) else trial.overrides.get(path)


def _is_natural(distribution: Mapping[str, Any]) -> bool:
    return bool(distribution["low"] == 0)


def _key(config: Config, path: str) -> str:
    """Return the key of the config that gives the range of a path."""
    if path in config.search.space:
        return f"search.space.{path}"
    keys = [key for key in config.search.space if fnmatchcase(path, key)]
    return f"search.space.{keys[0]}" if keys else f"the range of {path}"
