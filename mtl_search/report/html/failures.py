"""What failed, for the top of the page: how many trials, and why."""

from __future__ import annotations

from collections import Counter

from mtl_search.storage.records import SweepRecord

_MOST_REASONS = 3
_MOST_CHARACTERS = 200


def failure_sentence(record: SweepRecord) -> str:
    """Return how many trials failed, with the most frequent reasons; nothing where none has.

    Args:
        record: The sweep.

    Examples:
        >>> failure_sentence(SweepRecord())
        ''
    """
    failed = [trial for trial in record if trial.state == "FAIL"]
    if not failed:
        return ""
    reasons = Counter(_shortened(trial.reason) for trial in failed).most_common()
    told = [f"{reason} ({count:,})" for reason, count in reasons[:_MOST_REASONS]]
    if len(reasons) > _MOST_REASONS:
        told.append(f"and {len(reasons) - _MOST_REASONS:,} other reasons")
    return f"{len(failed):,} of {len(record.trials):,} trials failed: {'; '.join(told)}"


def _shortened(reason: str) -> str:
    line = " ".join(reason.split()) or "no reason given"
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "…"
