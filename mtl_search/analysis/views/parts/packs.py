"""How many trials shared a batched program, and why others that were to share one did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from mtl_search.analysis import formats
from mtl_search.storage.trial_info import APART
from mtl_search.storage.trial_record import TrialRecord

_MOST_REASONS = 3
_REASON_LENGTH = 120  # in characters: the message of a package may be long


def packs_sentence(trials: Iterable[TrialRecord]) -> str:
    """Return a sentence on the packs of a sweep; empty where no trial was in one.

    Args:
        trials: The trials of the sweep.
    """
    trials = list(trials)
    told = [trial.info["pack"] for trial in trials if "pack" in trial.info]
    sizes = [pack for pack in told if isinstance(pack, int)]
    reasons = Counter(pack.removeprefix(APART) for pack in told if isinstance(pack, str))
    parts = []
    if sizes:
        begun = sum(bool(trial.info) or trial.state != "RUNNING" for trial in trials)
        total = formats.counted(begun, "trial")
        parts.append(f"{len(sizes):,} of {total} trained in packs of up to {max(sizes)}")
    if reasons:
        given = [
            f"{_short(why)} ({formats.counted(number, 'trial')})"
            for why, number in reasons.most_common(_MOST_REASONS)
        ]
        given += ["other reasons"] * (len(reasons) > _MOST_REASONS)
        parts.append(f"packs trained one after another: {', '.join(given)}")
    return f"{'; '.join(parts)}." if parts else ""


def _short(reason: str) -> str:
    return reason if len(reason) <= _REASON_LENGTH else f"{reason[: _REASON_LENGTH - 4]} ..."
