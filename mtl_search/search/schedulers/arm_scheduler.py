"""One scheduler an arm, behind one scheduler of Ray Tune."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from mtl_search.config import Config
from mtl_search.search.schedulers import build_scheduler
from mtl_search.search.schedulers.actor_reuse import keep_starting
from mtl_search.storage.records import FINAL, SweepRecord, TrialRecord
from mtl_search.training.trial_report import METRIC

# FIFO, ASHA and the median rule look at the trial and its result alone.
_NO_CONTROLLER: Any = None


class ArmScheduler(FIFOScheduler):
    """Passes each trial to the scheduler of its arm, under the trial's own lasting id.

    Args:
        config: Of the sweep.
        slots: Number of trials at a time; as many actors are kept warm between two trials.
    """

    def __init__(self, config: Config, slots: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._config = config
        self._slots = slots
        self._arms: dict[str, TrialScheduler] = {}
        self._earlier: list[TrialRecord] = []
        self._objectives: Callable[[TrialRecord], dict[int, float]] = lambda trial: {}
        self._known: set[str] = set()
        self._warm = False

    def restore(  # type: ignore[override]  # Tune restores from a file
        self, record: SweepRecord, objectives: Callable[[TrialRecord], dict[int, float]]
    ) -> None:
        """Take in what the trials of earlier sessions reported.

        The rungs of an arm are filled when its first trial begins: in a sweep that was extended, the references that
        its objectives depend on may still change until then.
        """
        self._earlier = [trial for trial in record if not trial.is_finalist]
        self._objectives = objectives

    def on_trial_add(self, tune_controller: Any, trial: Trial) -> None:
        """Register the trial with its arm."""
        self._keep_slots_warm(tune_controller, trial)
        self._add(trial.config["arm"], trial.config["id"])

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """The arm's decision about a trial that is still running."""
        if trial.config["arm"].startswith(FINAL):
            return str(TrialScheduler.CONTINUE)
        return str(
            self._arm(trial.config["arm"]).on_trial_result(
                _NO_CONTROLLER, _stand_in(trial.config["id"]), result
            )
        )

    def on_trial_complete(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> None:
        """The last result of a trial that ended by itself counts in the rungs, too."""
        if not trial.config["arm"].startswith(FINAL):
            self._arm(trial.config["arm"]).on_trial_complete(
                _NO_CONTROLLER, _stand_in(trial.config["id"]), result
            )

    def _add(self, arm: str, trial_id: str) -> None:
        scheduler = self._arm(
            arm
        )  # first: it takes in the trials of earlier sessions, and this may be one of them
        if trial_id not in self._known:  # a trial whose process died is added again
            self._known.add(trial_id)
            scheduler.on_trial_add(_NO_CONTROLLER, _stand_in(trial_id))

    def _arm(self, name: str) -> TrialScheduler:
        if name not in self._arms:
            self._arms[name] = build_scheduler(self._config)
            for trial in self._earlier:
                if trial.arm == name:
                    self._restore_trial(trial)
        return self._arms[name]

    def _restore_trial(self, trial: TrialRecord) -> None:
        self._add(trial.arm, trial.id)
        results = [
            {"epoch": epoch, METRIC: value} for epoch, value in self._objectives(trial).items()
        ]
        if not trial.finished:
            # Whether to stop it at its last epoch was not written down; without that epoch it is decided again.
            results = results[:-1]
        for result in results:
            self._arm(trial.arm).on_trial_result(_NO_CONTROLLER, _stand_in(trial.id), result)

    def _keep_slots_warm(self, tune_controller: Any, trial: Trial) -> None:
        """Let Tune keep every idle actor, not one only.

        Between the arms all slots are idle for a moment; Tune would end all actors but one there
        (`ray/tune/utils/object_cache.py`, `may_keep_one`), and starting them again takes seconds.
        And let as many trials wait for an actor as there are slots (Tune's default for searchers is one), and each keep
        the actor that is starting for it.
        """
        if not self._warm:
            self._warm = True
            cache = tune_controller._actor_cache  # noqa: SLF001
            cache.increase_max(trial.placement_group_factory, by=self._slots)
            tune_controller.update_max_pending_trials(self._slots)
            keep_starting(tune_controller._tune_controller)  # noqa: SLF001  # the one behind the wrapper


@dataclass(frozen=True)
class _StandIn:
    """What a scheduler needs of a Tune trial: an id, here one that survives a restart; trials of one id are equal."""

    trial_id: str


def _stand_in(trial_id: str) -> Any:
    return _StandIn(trial_id)
