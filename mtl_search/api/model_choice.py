"""Which trained networks make up a model: what the verdict recommends, or what is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from mtl_search.analysis.finalists import finalists_of, recommended, winner_of
from mtl_search.analysis.verdict import Verdict
from mtl_search.errors import ConfigError, RequestError, SweepError, nearest
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

Kind = Literal["network", "separate networks", "ensemble"]


@dataclass(frozen=True)
class ModelChoice:
    """The networks of a model.

    Attributes:
        kind: Whether it is one network, one for each task, or several that differ in their seeds.
        arms: The arms that they come from, without `final/`.
        trials: The trials whose networks it has.
        reason: One sentence that says why these.
    """

    kind: Kind
    arms: tuple[ArmName, ...]
    trials: tuple[TrialRecord, ...]
    reason: str


@dataclass(frozen=True)
class KeptNetworks:
    """The networks of a sweep that are on the disk.

    Attributes:
        record: The sweep's record.
        is_kept: Whether the network of the trial with this id is there.
    """

    record: SweepRecord
    is_kept: Callable[[str], bool]

    def of_arm(self, arm: ArmName, *, ensemble: bool) -> list[TrialRecord]:
        """Return the networks that speak for an arm, best validation first.

        Args:
            arm: The arm, without `final/`.
            ensemble: Whether the networks of all seeds are asked for; otherwise it is one.

        Raises:
            SweepError: None of them is kept.
        """
        winner = winner_of(self.record, arm)
        if winner is None:
            candidates = [t for t in self.record.arm(arm) if t.is_result]
        else:
            candidates = list(finalists_of(self.record, arm, winner).values())
        if not candidates:
            raise SweepError(f"no trial of the arm {arm!r} has got to the end of an epoch")
        kept = [trial for trial in candidates if self.is_kept(trial.id)]
        if not kept and winner is not None and self.is_kept(winner):
            kept = [self.record.trials[winner]]
        kept.sort(key=lambda trial: -trial.best_objective)
        if not kept:
            raise SweepError(f"no network of the arm {arm!r} was kept")
        # Without finalists the networks of an arm differ in more than their seeds.
        return kept if ensemble and winner is not None else kept[:1]


def recommended_model(
    networks: KeptNetworks, verdict: Callable[[], Verdict], *, ensemble: bool = False
) -> ModelChoice:
    """Choose the networks that the verdict recommends.

    That is the best shared network by the validation of fresh seeds; where sharing hurts, or
    nothing is shared, the better separate networks.

    Args:
        networks: The networks that are kept.
        verdict: Returns the verdict, which takes a while.
        ensemble: Whether the networks of all seeds are asked for.

    Raises:
        SweepError: The networks were not kept.
    """
    record = networks.record
    best = recommended(record)
    if best is None:
        return _without_finalists(networks)
    shown = verdict()
    if shown.outcome == "sharing hurts":
        reason = "sharing hurts, so these are separate networks"
        if shown.separate is not None and shown.separate.is_twin:
            return _of_arms(networks, [shown.separate], reason, ensemble=ensemble)
        return _of_arms(networks, _single_arms(record), reason, ensemble=ensemble)
    reason = f"this is the best shared network by the validation of fresh seeds ({best.arm})"
    return _of_arms(networks, [best.arm], reason, ensemble=ensemble)


def model_of_arm(networks: KeptNetworks, name: str, *, ensemble: bool = False) -> ModelChoice:
    """Choose the networks that speak for an arm; `single` means those of all tasks.

    Raises:
        ConfigError: There is no such arm.
        SweepError: The networks were not kept.
    """
    arms = sorted({trial.arm.base for trial in networks.record if not trial.arm.is_warmup})
    singles = _single_arms(networks.record)
    if name == "single" and singles:
        return _of_arms(networks, singles, "the arm was asked for", ensemble=ensemble)
    arm = ArmName(name).base
    if arm not in arms:
        allowed = [*arms, *(["single"] if singles else [])]
        raise ConfigError("there is no arm of this name", path="arm", value=name, allowed=allowed)
    return _of_arms(networks, [arm], "the arm was asked for", ensemble=ensemble)


def model_of_trial(networks: KeptNetworks, name: str, *, ensemble: bool = False) -> ModelChoice:
    """Choose the network of a trial, or those of all seeds of its configuration.

    Raises:
        SweepError: There is no such trial, or its network was not kept.
    """
    record = networks.record
    if name not in record.trials:
        near = nearest(name, record.trials)
        hint = f"; did you mean {near!r}?" if near else ""
        raise RequestError(f"there is no trial {name!r} in the sweep{hint}")
    trial = record.trials[name]
    trials = [trial]
    if ensemble:
        origin = trial.origin if trial.arm.is_repeat else trial.id
        seeds = finalists_of(record, trial.arm.base, origin or trial.id).values()
        trials = [t for t in seeds if networks.is_kept(t.id)] or trials
    if not all(networks.is_kept(t.id) for t in trials):
        raise RequestError(
            f"no trained network of {name}: only the best of each arm and the finalists are kept"
        )
    kind: Kind = "ensemble" if len(trials) > 1 else "network"
    return ModelChoice(kind, (trial.arm.base,), tuple(trials), "the trial was asked for")


def _of_arms(
    networks: KeptNetworks, arms: Sequence[ArmName], reason: str, *, ensemble: bool
) -> ModelChoice:
    if not arms:
        raise RequestError("the sweep has no separate networks")
    by_arm = [networks.of_arm(arm, ensemble=ensemble) for arm in arms]
    kind: Kind = "separate networks" if len(arms) > 1 else "network"
    if any(len(trials) > 1 for trials in by_arm):
        kind = "ensemble"
    trials = tuple(trial for trials in by_arm for trial in trials)
    return ModelChoice(kind, tuple(arms), trials, reason)


def _without_finalists(networks: KeptNetworks) -> ModelChoice:
    """Choose the best shared network by validation, or separate ones where nothing is shared."""
    record = networks.record
    reason = "no finalist has been trained: these are the best by validation"
    shared = [ArmName(arm) for arm in SHARED]
    results = [trial for trial in record if trial.arm in shared and trial.is_result]
    if results:
        best = max(results, key=lambda trial: trial.best_objective)
        return _of_arms(networks, [best.arm], reason, ensemble=False)
    singles = _single_arms(record)
    if not singles:
        raise SweepError("no trial of the sweep has got to the end of an epoch yet")
    return _of_arms(networks, singles, reason, ensemble=False)


def _single_arms(record: SweepRecord) -> list[ArmName]:
    """Return the arms that train one task alone, in the order in which they began."""
    arms = [trial.arm.base for trial in record if trial.arm.is_single and trial.is_result]
    return list(dict.fromkeys(arms))
