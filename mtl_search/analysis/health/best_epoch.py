"""Do the winners reach their best at the end of training, or at its very beginning?"""

from __future__ import annotations

from collections.abc import Sequence

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.formats.many import few
from mtl_search.analysis.health.check import Check, sentence
from mtl_search.storage.trial_record import TrialRecord

NAME = "length of training"
# The first tenth of the epochs, where there are at least ten.
_FIRST_PART = 0.1


def check_best_epoch(evidence: Evidence) -> Check:
    """Warn where most seeds of a winner are best in their last epoch, or in their first ones."""
    late, early = [], []
    checked = False
    for arm in evidence.arms:
        trials = evidence.finalists(arm)
        trials = trials or [trial for trial in evidence.winners() if trial.arm == arm]
        trials = [trial for trial in trials if trial.last_epoch > 1]
        if not trials:
            continue
        checked = True
        if _most(trials, [_is_best_at_the_end(trial) for trial in trials]):
            late.append(str(arm))
        elif _most(trials, [_is_best_at_once(trial) for trial in trials]):
            early.append(str(arm))
    texts = []
    if late:
        advice = f"training.epochs={2 * evidence.config.training.epochs} may find more"
        texts.append(sentence([f"{_names(late)} best in the last epoch"], advice))
    if early:
        advice = (
            "lower learning rates (search.space.training.optimizer.lr), fewer training.epochs "
            "or a smaller model.backbone"
        )
        texts.append(sentence([f"{_names(early)} best in the first epochs"], advice))
    if texts:
        return Check(NAME, ok=False, text=". ".join(texts))
    if not checked:
        return Check(NAME, ok=None, text="no winner has trained for two epochs")
    return Check(NAME, ok=True, text="the winners are at their best before the last epoch")


def _names(arms: Sequence[str]) -> str:
    return f"{few(arms)} {'is' if len(arms) == 1 else 'are'}"


def _most(trials: Sequence[TrialRecord], counted: Sequence[bool]) -> bool:
    return sum(counted) > len(trials) / 2


def _is_best_at_the_end(trial: TrialRecord) -> bool:
    return trial.best is not None and trial.best.epoch == trial.last_epoch


def _is_best_at_once(trial: TrialRecord) -> bool:
    return trial.best is not None and trial.best.epoch <= _FIRST_PART * trial.last_epoch
