"""Keeps MLflow's runs equal to a sweep's record.

It compares what should be in MLflow with what was sent, and sends the rest; there is no queue of
requests. A trial that an event is about is *dirty* until all of it has arrived, so an attempt that
fails half-way is simply made again, and a restart needs nothing but the journal and MLflow itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from mtl_search.config import Config, to_yaml
from mtl_search.storage.events import (
    Event,
    ObjectivesRecomputed,
    SweepCompleted,
    TrialEnded,
    TrialEvent,
    TrialStarted,
)
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.tracking import mapping
from mtl_search.tracking.address import public_reason
from mtl_search.tracking.client import TrackingClient, is_outage
from mtl_search.tracking.mapping import MetricPoint

log = logging.getLogger("mtl_search.tracking")


@dataclass
class _Run:
    """What MLflow is known to have of one run.

    Attributes:
        id: Its id in MLflow; empty until it is made.
        searched: Whether it is known that MLflow has no run but that of `id`. A request to make one
            may have arrived although it failed.
        status: Its status.
        tags: Its tags.
        params: Names of its params.
        epochs: Epoch → metrics that were sent.
    """

    id: str = ""
    searched: bool = True
    status: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    params: set[str] = field(default_factory=set)
    epochs: dict[int, dict[str, float]] = field(default_factory=dict)


class RunSync:
    """Sends one sweep to MLflow. Not safe for threads: one thread takes events in and sends.

    Args:
        config: The sweep's config.
        client: The store.
        name: Name of the sweep's run.
    """

    def __init__(self, config: Config, client: TrackingClient, name: str) -> None:
        self.config = config
        self.name = name
        self.client = client
        self.record = SweepRecord()
        self.parent = _Run()
        self.artifacts: dict[str, Path] = {}
        self.run_ids: dict[str, str] = {}
        self.refused = 0
        self._loaded = False  # whether MLflow has been asked what it already has
        self._runs: dict[str, _Run] = {}
        self._dirty: dict[str, int] = {}  # trial → number of events that wait
        self._parent_waiting = 0
        self._progress: list[MetricPoint] = []
        self._ended = 0
        self._status = "RUNNING"
        self._config_sent = False

    @property
    def waiting(self) -> int:
        """Events that have not arrived in MLflow, those that it refused included."""
        trials = sum(list(self._dirty.values()))  # of a copy, since another thread reads this
        return trials + self._parent_waiting + len(self.artifacts) + self.refused

    @property
    def waiting_trials(self) -> list[str]:
        """Ids of the trials that have not arrived."""
        return list(self._dirty)

    def apply(self, event: Event) -> None:
        """Take one event in, without sending anything."""
        if isinstance(event, ObjectivesRecomputed):
            return  # MLflow keeps the values that the sampler saw
        if not isinstance(event, TrialEvent):
            self.record.apply(event)
            self._status = "FINISHED" if isinstance(event, SweepCompleted) else "RUNNING"
            self._parent_waiting += 1
            return
        if event.id not in self.record.trials and not isinstance(event, TrialStarted):
            return  # the trial has ended, all of it was sent, and it was dropped from the record
        self.record.apply(event)
        self._dirty[event.id] = self._dirty.get(event.id, 0) + 1
        if isinstance(event, TrialEnded):
            self._add_progress(self.record.trials[event.id], event)

    def _add_progress(self, trial: TrialRecord, event: TrialEnded) -> None:
        """Add points to the charts of the sweep's run.

        They are the number of trials that have ended, and each objective against that number.
        """
        self._ended += 1
        time = mapping.milliseconds(event.time)
        self._progress.append(MetricPoint("trials_ended", float(self._ended), time, self._ended))
        if trial.objective is not None:
            name = mapping.clean_name(f"objective/{trial.arm}")
            self._progress.append(MetricPoint(name, trial.objective, time, self._ended))

    def stop(self, time: float) -> None:
        """Mark what still runs as killed: the process ends before the sweep is complete."""
        if self.record.id and self._status == "RUNNING":
            self._status = "KILLED"
            self._parent_waiting += 1
        for trial in self.record:
            if not trial.finished:
                trial.ended = time
                self._dirty.setdefault(trial.id, 1)

    def send(self, *, only_ended: bool = False, stop: Callable[[], bool] = lambda: False) -> None:
        """Bring MLflow up to date.

        Args:
            only_ended: Whether trials that still train wait.
            stop: Says, before each trial, whether to send no more.

        Raises:
            Exception: The store does not answer; what has not arrived still waits. A request that
                the store refuses is logged and given up instead.
        """
        if not self.record.id or stop():
            return
        self.load_existing_runs()
        if self._parent_waiting or self._progress or not self.parent.id:
            self._send_unless_refused("the sweep", self._send_parent, self._parent_waiting)
            self._parent_waiting = 0
            self._progress.clear()
        for trial_id in list(self._dirty):
            trial = self.record.trials[trial_id]
            if stop():
                return
            if only_ended and not trial.finished:
                continue
            self._send_unless_refused(
                trial_id, partial(self._send_trial, trial), self._dirty[trial_id]
            )
            del self._dirty[trial_id]
            if trial.finished:
                # A long sweep must not fill the memory with what has arrived.
                self.record.forget(trial_id)
                self._runs.pop(trial_id, None)
        self._send_artifacts()

    def _send_unless_refused(self, subject: str, send: Callable[[], None], events: int) -> None:
        """Send; count the events that the store refuses, and log the first refusal."""
        try:
            send()
        except Exception as error:
            if is_outage(error):
                raise
            if not self.refused:
                log.warning(
                    "MLflow refused a part of %s, which stays in the journal only: %s",
                    subject,
                    public_reason(error),
                )
            self.refused += events

    def load_existing_runs(self) -> None:
        """Find the runs that an earlier session or attempt has made."""
        if self._loaded:
            return
        for mlflow_run in self.client.find_runs(self.record.id):
            trial = mlflow_run.data.tags.get(mapping.TRIAL)
            run = self._from_mlflow(mlflow_run, self.record.trials.get(trial or ""))
            if trial is None and not self.parent.id:
                self.parent = run
            elif trial is not None and trial not in self._runs:
                self._runs[trial] = run
                self.run_ids[trial] = run.id
        self._loaded = True

    @staticmethod
    def _from_mlflow(run: Any, trial: TrialRecord | None) -> _Run:
        """Return what MLflow has of a run; the metrics of its epochs come from the journal."""
        cursor = run.data.metrics.get(mapping.CURSOR, 0)
        epochs = trial.epochs if trial else []
        return _Run(
            id=run.info.run_id,
            status=run.info.status,
            tags=dict(run.data.tags),
            params=set(run.data.params),
            epochs={e.epoch: e.metrics for e in epochs if e.epoch <= cursor},
        )

    def _ensure(
        self, run: _Run, name: str, tags: Mapping[str, str], started: float, trial: str | None
    ) -> None:
        """Make the run if there is none; after a failed attempt search for it first."""
        if run.id:
            return
        if not run.searched:
            for candidate in self.client.find_runs(self.record.id, trial):
                if candidate.data.tags.get(mapping.TRIAL) == trial:
                    run.id = str(candidate.info.run_id)
                    break
        if not run.id:
            run.searched = False
            run.id = self.client.create_run(name, tags, mapping.milliseconds(started))
            run.tags = dict(tags)
        run.searched = True
        run.status = run.status or "RUNNING"

    def _send_parent(self) -> None:
        run = self.parent
        client = self.client
        tags = mapping.sweep_tags(self.record)
        self._ensure(run, self.name, tags, self.record.started, None)
        params = _new_params(run, mapping.sweep_params(self.config))
        client.send(run.id, self._progress, params)
        self._progress.clear()  # what fails below must not send them again
        run.params |= set(params)
        if not self._config_sent:
            client.log_text(run.id, to_yaml(self.config), "config.yaml")
            self._config_sent = True
        if run.status != self._status:
            client.set_status(run.id, self._status)
            run.status = self._status

    def _send_trial(self, trial: TrialRecord) -> None:
        # A trial that ended, was dropped from memory and is resumed keeps its run.
        run = self._runs.setdefault(trial.id, _Run(self.run_ids.get(trial.id, "")))
        tags = mapping.trial_tags(trial, self.record, self.parent.id)
        self._ensure(run, trial.id, tags, trial.started, trial.id)
        self.run_ids[trial.id] = run.id
        new = [epoch for epoch in trial.epochs if run.epochs.get(epoch.epoch) != epoch.metrics]
        points = [
            point
            for epoch in new
            for point in mapping.epoch_points(trial, epoch, self.config, self.record)
        ]
        params = _new_params(run, mapping.trial_params(trial))
        changed = {name: value for name, value in tags.items() if run.tags.get(name) != value}
        self.client.send(run.id, [*points, *mapping.test_points(trial)], params, changed)
        run.epochs.update({epoch.epoch: epoch.metrics for epoch in new})
        run.params |= set(params)
        run.tags.update(changed)
        self._send_status(run, trial)

    def _send_status(self, run: _Run, trial: TrialRecord) -> None:
        status = mapping.STATUS[trial.state]
        if status == "RUNNING" and trial.ended:
            status = "KILLED"
        if status != run.status:
            ended = mapping.milliseconds(trial.ended) if status != "RUNNING" else None
            self.client.set_status(run.id, status, ended)
            run.status = status

    def _send_artifacts(self) -> None:
        for target, path in list(self.artifacts.items()):
            self._send_unless_refused(
                f"artifact {target}", partial(self.client.log_path, self.parent.id, path, target), 1
            )
            del self.artifacts[target]


def _new_params(run: _Run, params: Mapping[str, str]) -> dict[str, str]:
    """Return the params that the run does not have.

    MLflow changes none; where an extended sweep has other values, the artifact has the new config.
    """
    return {name: value for name, value in params.items() if name not in run.params}
