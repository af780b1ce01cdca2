"""What one arm finds is offered to the others: the settings that arms have in common.

An arm that happens to draw a good learning rate would win by it, although the others could have had
the same. So when all arms have spent their budgets, each single-task arm tries the settings of the
best network with equal weights and of the best of the search, once each; the shared arms try those
of the best single-task networks, and equal weights those of the best of the search. What arms do
not have in common (weights, depth) stays as the arm's own best has it.

Measured on planted tasks whose truth is that nothing is gained: with one trial a task for the
learning rate of the equal arm, no sweep of 16 told a gain, and 10 of 16 did without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtl_search.search.arms import Arm, belongs_to, config_hash
from mtl_search.search.context import SweepContext
from mtl_search.search.protocol.ranking import ranked_trials
from mtl_search.storage.arm_name import EQUAL, SEARCH, ArmName
from mtl_search.storage.trial_record import TrialRecord

# Settings of single-task networks that a shared arm tries; with more tasks some are left out, so
# that its budget stays near that of the others.
MOST_FROM_SINGLES = 4

_LEARNING_RATE = "training.optimizer.lr"


@dataclass(frozen=True)
class Offer:
    """Describe a trial with the settings of another arm, which has not begun.

    Attributes:
        arm: The arm that tries them.
        origin: Id of the trial that had them.
        overrides: Dotted path → value of the config.
    """

    arm: ArmName
    origin: str
    overrides: dict[str, Any]


def choose_offers(context: SweepContext) -> list[Offer]:
    """Return the offers that have not begun.

    Args:
        context: The objects that the parts of a session share.
    """
    best = _best_by_arm(context)
    offers: list[Offer] = []
    for name, own in best.items():
        arm = context.arms[name]
        tried = {trial.config_hash for trial in context.record.arm(name)}
        for giver in _givers(arm, best):
            overrides = common_settings(
                giver.overrides, context.arms[giver.arm], own.overrides, arm
            )
            tried_by = config_hash(arm.config(context.config, overrides))
            if tried_by not in tried:
                tried.add(tried_by)
                offers.append(Offer(arm.name, giver.id, overrides))
    return offers


def common_settings(
    given: Mapping[str, Any], giver: Arm, own: Mapping[str, Any], receiver: Arm
) -> dict[str, Any]:
    """Return the settings of one arm with all else as another arm has it.

    Args:
        given: Overrides of the trial whose settings are offered.
        giver: Its arm.
        own: Overrides of the best trial of the arm that tries them.
        receiver: That arm.
    """
    only_receiver = set(receiver.tasks) - set(giver.tasks)
    only_giver = set(giver.tasks) - set(receiver.tasks)
    kept = {
        path: value
        for path, value in own.items()
        if giver.fixes(path) or belongs_to(path, only_receiver)
    }
    taken = {
        path: value
        for path, value in given.items()
        if not (receiver.fixes(path) or belongs_to(path, only_giver))
    }
    return {**kept, **taken}


def _best_by_arm(context: SweepContext) -> dict[ArmName, TrialRecord]:
    """Return the best trial of each arm, offered ones apart, so that a resume offers the same."""
    objectives = context.objectives.before_offers()
    best = {}
    for arm in context.arms.values():
        if not (arm.name.is_single or arm.name.is_shared):
            continue
        for trial in ranked_trials(context.record, objectives, arm.name):
            if not trial.is_offered:
                best[arm.name] = trial
                break
    return best


def _givers(arm: Arm, best: Mapping[ArmName, TrialRecord]) -> list[TrialRecord]:
    """Return the trials whose settings an arm tries."""
    shared = [best[name] for name in (EQUAL, SEARCH) if name in best]
    if arm.name.is_single:
        return shared
    singles = spread([trial for name, trial in best.items() if name.is_single])
    if arm.name == EQUAL and SEARCH in best:
        return [best[SEARCH], *singles]
    return singles


def spread(singles: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return at most `MOST_FROM_SINGLES` trials, spread evenly over their learning rates."""
    if len(singles) <= MOST_FROM_SINGLES:
        return list(singles)
    ordered = sorted(singles, key=lambda trial: trial.overrides.get(_LEARNING_RATE, 0.0))
    step = (len(ordered) - 1) / (MOST_FROM_SINGLES - 1)
    return [ordered[round(number * step)] for number in range(MOST_FROM_SINGLES)]
