"""One scheduler an arm, behind one scheduler of Ray Tune."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from mtl_search.config import Config
from mtl_search.search.schedulers import build_scheduler
from mtl_search.search.schedulers.actor_reuse import keep_starting
from mtl_search.search.schedulers.stand_in import stand_in
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.trial_report import METRIC, TrialReport, of_result
from mtl_search.training.workers import stops

# FIFO, ASHA and the median rule look at the trial and its result alone.
_NO_CONTROLLER: Any = None

# Epoch → best objective so far.
Objectives = Callable[[TrialRecord], dict[int, float]]


class ArmScheduler(FIFOScheduler):
    """Pass each trial to the scheduler of its arm, under the trial's own lasting id.

    Args:
        config: The sweep's config.
        slots: Number of trials at a time; as many actors are kept warm between two trials.
    """

    def __init__(self, config: Config, slots: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._config = config
        self._slots = slots
        self._schedulers: dict[str, TrialScheduler] = {}
        self._earlier: list[TrialRecord] = []
        self._objectives: Objectives = lambda trial: {}
        self._added: set[str] = set()
        self._completed: set[str] = set()
        self._warm = False
        self._stopped: dict[str, set[str]] = {}  # Tune's id of a pack → its stopped members
        self._places: dict[str, int] = {}  # Tune's id → its place in the order of submission

    def restore_trials(self, record: SweepRecord, objectives: Objectives) -> None:
        """Take in the reports of the trials of earlier sessions.

        The rungs of an arm are filled when its first trial begins: in a sweep that was extended,
        the references that its objectives depend on may still change until then.

        Args:
            record: The sweep's trials.
            objectives: Returns the objectives of a trial by the reference that holds now.
        """
        self._earlier = [trial for trial in record if not trial.is_finalist]
        self._objectives = objectives

    def on_trial_add(self, tune_controller: Any, trial: Trial) -> None:
        """Register the trial, or the members of a pack, with their arms."""
        self._keep_slots_warm(tune_controller, trial)
        self._places.setdefault(trial.trial_id, len(self._places))
        for name, arm in trial.config["arms"].items():
            self._add(arm, name)

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """Return the trial that waits longest.

        Tune asks at every event, and its own rule looks at all trials that there ever were.
        """
        live: list[Trial] = list(tune_controller.get_live_trials())
        live.sort(key=lambda trial: self._places[trial.trial_id])
        for status in (Trial.PENDING, Trial.PAUSED):
            for trial in live:
                if trial.status == status:
                    return trial
        return None

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """Return the arms' decision about trials that are still running.

        A pack goes on as long as a member does; it is told which of them are stopped.
        """
        goes_on = False
        stopped = self._stopped.setdefault(trial.trial_id, set())
        known = len(stopped)
        for name, report in of_result(result).items():
            if report.state != "RUNNING":
                self._complete(trial.config["arms"][name], name, report)
            elif self._decide(trial.config["arms"][name], name, report) == TrialScheduler.STOP:
                stopped.add(name)
            else:
                goes_on = True
        if not goes_on:
            return str(TrialScheduler.STOP)
        if len(stopped) > known:
            stops.write(trial.config["stops"], stopped)
        return str(TrialScheduler.CONTINUE)

    def on_trial_complete(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> None:
        """Count the last result of trials that ended by themselves in the rungs, too."""
        for name, report in of_result(result).items():
            self._complete(trial.config["arms"][name], name, report)
        self._forget(trial)

    def on_trial_error(self, tune_controller: Any, trial: Trial) -> None:
        """Forget which members of a pack were stopped: those that were not begin again."""
        self._forget(trial)

    def stopped(self, tune_id: str) -> set[str]:
        """Return the members of a pack that were stopped.

        Args:
            tune_id: Tune's id of the pack.
        """
        return self._stopped.get(tune_id, set())

    def _decide(self, arm: str, name: str, report: TrialReport) -> str:
        if ArmName(arm).is_repeat:
            return str(TrialScheduler.CONTINUE)
        decision = self._scheduler(arm).on_trial_result(
            _NO_CONTROLLER, stand_in(name), _result(report)
        )
        return str(decision)

    def _forget(self, trial: Trial) -> None:
        if self._stopped.pop(trial.trial_id, None) and trial.config["stops"]:
            stops.forget(trial.config["stops"])

    def _complete(self, arm: str, name: str, report: TrialReport) -> None:
        # Tune tells of the last epoch of a pack twice: as of any epoch, and as of its end.
        if not ArmName(arm).is_repeat and name not in self._completed:
            self._completed.add(name)
            self._scheduler(arm).on_trial_complete(_NO_CONTROLLER, stand_in(name), _result(report))

    def _add(self, arm: str, trial_id: str) -> None:
        # First: it takes in the trials of earlier sessions, and this may be one of them.
        scheduler = self._scheduler(arm)
        if trial_id not in self._added:  # a trial whose process died is added again
            self._added.add(trial_id)
            scheduler.on_trial_add(_NO_CONTROLLER, stand_in(trial_id))

    def _scheduler(self, arm: str) -> TrialScheduler:
        if arm not in self._schedulers:
            self._schedulers[arm] = build_scheduler(self._config)
            for trial in self._earlier:
                if trial.arm == arm:
                    self._restore_trial(trial)
        return self._schedulers[arm]

    def _restore_trial(self, trial: TrialRecord) -> None:
        self._add(trial.arm, trial.id)
        results = list(self._objectives(trial).items())
        if not trial.finished:
            # Whether to stop it at its last epoch was not written down; without that epoch it is
            # decided again.
            results = results[:-1]
        for epoch, value in results:
            self._scheduler(trial.arm).on_trial_result(
                _NO_CONTROLLER, stand_in(trial.id), {"epoch": epoch, METRIC: value}
            )

    def _keep_slots_warm(self, tune_controller: Any, trial: Trial) -> None:
        """Let Tune keep every idle actor, not one only.

        Between the arms all slots are idle for a moment; Tune would end all actors but one there
        (`ray/tune/utils/object_cache.py`, `may_keep_one`), and starting them again takes seconds.
        And let as many trials wait for an actor as there are slots (Tune's default for searchers is
        one), and each keep the actor that is starting for it.
        """
        if not self._warm:
            self._warm = True
            cache = tune_controller._actor_cache  # noqa: SLF001
            cache.increase_max(trial.placement_group_factory, by=self._slots)
            tune_controller.update_max_pending_trials(self._slots)
            keep_starting(tune_controller._tune_controller)  # noqa: SLF001  # behind the wrapper


def _result(report: TrialReport) -> dict[str, Any]:
    """Return what a scheduler compares; of a trial that failed there is no objective."""
    number = {} if report.state == "FAIL" else {METRIC: report.objective}
    return {"epoch": report.epoch, **number}
