"""Keeps MLflow's runs equal to a sweep's record: compares what should be there with what was sent, and sends the rest.

Nothing is queued for sending as such. A trial that an event has touched is *dirty* until everything of it has arrived,
so an attempt that fails half-way is simply made again, and a restart needs no memory but the journal and MLflow itself.
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
from mtl_search.storage.records import SweepRecord, TrialRecord
from mtl_search.tracking import mapping
from mtl_search.tracking.client import TrackingClient, first_line, is_outage
from mtl_search.tracking.mapping import MetricPoint

log = logging.getLogger("mtl_search.tracking")


@dataclass
class _Run:
    """What MLflow is known to have of one run."""

    id: str = ""
    looked_for: bool = True
    status: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    params: set[str] = field(default_factory=set)
    epochs: dict[int, dict[str, float]] = field(default_factory=dict)


class RunSync:
    """Not safe for threads: one thread takes events in and sends.

    Args:
        config: Of the sweep.
        store: Where to.
        name: Of the sweep's run.
    """

    def __init__(self, config: Config, store: TrackingClient, name: str) -> None:
        self.config = config
        self.name = name
        self.store = store
        self.record = SweepRecord()
        self.parent = _Run()
        self.artifacts: dict[str, Path] = {}
        self.run_ids: dict[str, str] = {}
        self.refused = 0
        self._known = False  # whether MLflow has been asked what it already has
        self._runs: dict[str, _Run] = {}
        self._dirty: dict[str, int] = {}  # trial → events that wait
        self._parent_waits = 0
        self._progress: list[MetricPoint] = []
        self._ended = 0
        self._status = "RUNNING"
        self._config_sent = False

    @property
    def waiting(self) -> int:
        """Events that have not arrived in MLflow, those that it refused included."""
        # A copy first: another thread asks.
        return (
            sum(list(self._dirty.values()))
            + self._parent_waits
            + len(self.artifacts)
            + self.refused
        )

    def apply(self, event: Event) -> None:
        """Note one event; sends nothing."""
        if isinstance(event, ObjectivesRecomputed):
            return  # MLflow keeps the values that the sampler saw
        if not isinstance(event, TrialEvent):
            self.record.apply(event)
            self._status = "FINISHED" if isinstance(event, SweepCompleted) else "RUNNING"
            self._parent_waits += 1
            return
        if event.id not in self.record.trials and not isinstance(event, TrialStarted):
            return  # the trial has ended, all of it was sent, and it was dropped from the record
        self.record.apply(event)
        self._dirty[event.id] = self._dirty.get(event.id, 0) + 1
        if isinstance(event, TrialEnded):
            self._add_progress(self.record.trials[event.id], event)

    def _add_progress(self, trial: TrialRecord, event: TrialEnded) -> None:
        """Points for the parent's charts: trials that ended, and the objective of each against their number."""
        self._ended += 1
        time = mapping.milliseconds(event.time)
        self._progress.append(MetricPoint("trials_ended", float(self._ended), time, self._ended))
        if trial.objective is not None:
            name = mapping.clean_name(f"objective/{trial.arm}")
            self._progress.append(MetricPoint(name, trial.objective, time, self._ended))

    def stop(self, time: float) -> None:
        """The process ends before the sweep is complete: nothing of it is left RUNNING in MLflow."""
        if self.record.id and self._status == "RUNNING":
            self._status = "KILLED"
            self._parent_waits += 1
        for trial in self.record:
            if not trial.finished:
                trial.ended = time
                self._dirty.setdefault(trial.id, 1)

    def send(self) -> None:
        """Bring MLflow up to date.

        Raises:
            Exception: The store does not answer; what has not arrived still waits. A request that the store refuses
                is logged and given up instead.
        """
        if not self.record.id:
            return
        self.load_existing_runs()
        if self._parent_waits or self._progress or not self.parent.id:
            self._guard("the sweep", self._send_parent, self._parent_waits)
            self._parent_waits = 0
            self._progress.clear()
        for trial_id in list(self._dirty):
            trial = self.record.trials[trial_id]
            self._guard(trial_id, partial(self._send_trial, trial), self._dirty[trial_id])
            del self._dirty[trial_id]
            if trial.finished:  # a long sweep must not fill the memory with what has arrived
                del self.record.trials[trial_id]
                self._runs.pop(trial_id, None)
        self._send_artifacts()

    def _guard(self, what: str, send: Callable[[], None], events: int) -> None:
        """Send; what the store refuses is counted, and the first refusal is logged."""
        try:
            send()
        except Exception as error:
            if is_outage(error):
                raise
            if not self.refused:
                log.warning(
                    "MLflow refused a part of %s, which stays in the journal only: %s",
                    what,
                    first_line(error),
                )
            self.refused += events

    def load_existing_runs(self) -> None:
        """Find the runs that an earlier session or attempt has made."""
        if self._known:
            return
        for run in self.store.find_runs(self.record.id):
            trial = run.data.tags.get(mapping.TRIAL)
            known = self._from_mlflow(run, self.record.trials.get(trial or ""))
            if trial is None and not self.parent.id:
                self.parent = known
            elif trial is not None and trial not in self._runs:
                self._runs[trial] = known
                self.run_ids[trial] = known.id
        self._known = True

    @staticmethod
    def _from_mlflow(run: Any, trial: TrialRecord | None) -> _Run:
        """The journal as it was read at the start says what the epochs were that MLflow has."""
        cursor = run.data.metrics.get(mapping.CURSOR, 0)
        epochs = {e.epoch: e.metrics for e in trial.epochs if e.epoch <= cursor} if trial else {}
        return _Run(
            run.info.run_id,
            True,
            run.info.status,
            dict(run.data.tags),
            set(run.data.params),
            epochs,
        )

    def _ensure(
        self, run: _Run, name: str, tags: Mapping[str, str], started: float, trial: str | None
    ) -> None:
        """Make the run if there is none. After a failed attempt look first: the request may have arrived."""
        if run.id:
            return
        if not run.looked_for:
            runs = self.store.find_runs(self.record.id, trial)
            found = next((r for r in runs if r.data.tags.get(mapping.TRIAL) == trial), None)
            run.id = str(found.info.run_id) if found else ""
        if not run.id:
            run.looked_for = False
            run.id = self.store.create_run(name, tags, mapping.milliseconds(started))
            run.tags = dict(tags)
        run.looked_for, run.status = True, run.status or "RUNNING"

    def _send_parent(self) -> None:
        run, store = self.parent, self.store
        tags = mapping.sweep_tags(self.record)
        self._ensure(run, self.name, tags, self.record.started, None)
        # A param cannot be changed; where an extended sweep differs, the artifact has the new config.
        params = {
            name: value
            for name, value in mapping.sweep_params(self.config).items()
            if name not in run.params
        }
        store.send(run.id, self._progress, params)
        run.params |= set(params)
        if not self._config_sent:
            store.log_text(run.id, to_yaml(self.config), "config.yaml")
            self._config_sent = True
        if run.status != self._status:
            store.set_status(run.id, self._status)
            run.status = self._status

    def _send_trial(self, trial: TrialRecord) -> None:
        # A trial that ended, was let go and begins again keeps its run.
        run = self._runs.setdefault(trial.id, _Run(self.run_ids.get(trial.id, "")))
        tags = mapping.trial_tags(trial, self.record, self.parent.id)
        self._ensure(run, trial.id, tags, trial.started, trial.id)
        self.run_ids[trial.id] = run.id
        new = [epoch for epoch in trial.epochs if run.epochs.get(epoch.epoch) != epoch.metrics]
        points = [
            point for epoch in new for point in mapping.epoch_points(trial, epoch, self.config)
        ]
        params = {
            name: value
            for name, value in mapping.trial_params(trial).items()
            if name not in run.params
        }
        changed = {name: value for name, value in tags.items() if run.tags.get(name) != value}
        self.store.send(run.id, [*points, *mapping.test_points(trial)], params, changed)
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
            self.store.set_status(run.id, status, ended)
            run.status = status

    def _send_artifacts(self) -> None:
        for target, path in list(self.artifacts.items()):
            self._guard(
                f"artifact {target}", partial(self.store.log_path, self.parent.id, path, target), 1
            )
            del self.artifacts[target]
