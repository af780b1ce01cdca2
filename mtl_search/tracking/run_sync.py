"""Keeps MLflow's runs equal to a sweep's record.

It compares what should be in MLflow with what was sent, and sends the rest; there is no queue of
requests. A trial that an event is about is *dirty* until all of it has arrived, so an attempt that
fails half-way is simply made again, and a restart needs nothing but the journal and MLflow itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from mtl_search.analysis.references import reference_trial
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
from mtl_search.tracking.pages.page import SweepPage, digest
from mtl_search.tracking.pages.publisher import Publisher
from mtl_search.tracking.progress_chart import ENDED, ProgressChart
from mtl_search.tracking.run_state import RunState, ensure_run, send_status
from mtl_search.tracking.store.ended_run import EndedRun
from mtl_search.tracking.trial_values import (
    Yardstick,
    final_points,
    final_values,
    fingerprint,
    missing_points,
    varied_params,
)

log = logging.getLogger("mtl_search.tracking")

# Tag of the sweep's run with the digest of the config that it has as an artifact.
CONFIG_TAG = f"mlflow.{mapping.TAG}config"
# Runs a transaction: other programs wait no longer for the database than for some of the client's.
_AT_ONCE = 100


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
        self.parent = RunState()
        self.page: SweepPage | None = None
        self.run_ids: dict[str, str] = {}
        self.refused = 0
        self._loaded = False  # whether MLflow has been asked what it already has
        self._runs: dict[str, RunState] = {}
        self._dirty: dict[str, int] = {}  # trial → number of events that wait
        self._parent_waiting = 0
        self._chart = ProgressChart()
        self._progress: list[MetricPoint] = []
        self._varied = varied_params(config)
        self._values: dict[str, int] = {}  # trial → fingerprint of what was sent at its end
        self._now = 0.0  # time of the last event
        self._status = "RUNNING"

    @property
    def waiting(self) -> int:
        """Events that have not arrived in MLflow, those that it refused included."""
        trials = sum(list(self._dirty.values()))  # of a copy, since another thread reads this
        page = 0 if self.page is None else 1 + len(self.page.files)
        return trials + self._parent_waiting + page + self.refused

    @property
    def waiting_trials(self) -> list[str]:
        """Ids of the trials that have not arrived."""
        return list(self._dirty)

    def apply(self, event: Event) -> None:
        """Take one event in, without sending anything."""
        self._now = max(self._now, event.time)
        if isinstance(event, ObjectivesRecomputed):
            self._chart.recompute(event)
            if event.id in self.record.trials:
                self.record.apply(event)
            return  # what MLflow shows of a trial that has arrived is corrected with the page
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
            self._progress += self._chart.points(self.record.trials[event.id], event)

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
        # Once for all: in a journal that is sent as a whole it would take longer than the rest.
        yardstick = Yardstick.of(self.record, self.config)
        if self.client.takes_ended_runs:
            self._send_ended(yardstick, stop)
        for trial_id in list(self._dirty):
            trial = self.record.trials[trial_id]
            if stop():
                return
            if only_ended and not trial.finished:
                continue
            self._send_unless_refused(
                trial_id, partial(self._send_trial, trial, yardstick), self._dirty[trial_id]
            )
            del self._dirty[trial_id]
            if trial.finished:
                self._runs.pop(trial_id, None)
                self._forget(trial)
        if self.page is not None and not only_ended:
            self._publish(self.page, stop)

    def _send_ended(self, yardstick: Yardstick, stop: Callable[[], bool]) -> None:
        """Send trials that have ended and that MLflow has not heard of, many at a time."""
        known = self._runs.keys() | self.run_ids.keys()
        new = [self.record.trials[name] for name in self._dirty if name not in known]
        ended = [trial for trial in new if trial.finished]
        for some in (ended[at : at + _AT_ONCE] for at in range(0, len(ended), _AT_ONCE)):
            if stop():
                return
            try:
                ids = self.client.create_ended_runs([self._ended(t, yardstick) for t in some])
            except Exception as error:  # noqa: BLE001  # one by one it is known what is refused
                log.debug("MLflow does not take runs at once: %s", public_reason(error))
                self._runs |= {t.id: RunState(searched=False) for t in some}  # they may be there
                return
            for trial, run_id in zip(some, ids, strict=True):
                self.run_ids[trial.id] = run_id
                del self._dirty[trial.id]
                self._forget(trial)

    def _ended(self, trial: TrialRecord, yardstick: Yardstick) -> EndedRun:
        return EndedRun(
            trial.id,
            mapping.trial_tags(trial, self.record, self.parent.id),
            mapping.trial_params(trial, self._varied),
            self._points(trial, RunState(), yardstick)[0],
            mapping.STATUS[trial.state],
            mapping.milliseconds(trial.started),
            mapping.milliseconds(trial.ended),
        )

    def _forget(self, trial: TrialRecord) -> None:
        """Drop a trial: a long sweep must not fill the memory with what has arrived.

        The best single-task trials stay, which Δm is relative to.
        """
        task = trial.arm.task
        is_single = trial.arm.is_single and not trial.arm.is_repeat and task is not None
        best = reference_trial(self.record, task) if is_single and task else None
        rivals = self.record.arm(trial.arm) if is_single else [trial]
        for other in rivals:
            if other is not best and other.finished and other.id not in self._dirty:
                self.record.forget(other.id)

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
            run = RunState.of(mlflow_run)
            if trial is None and not self.parent.id:
                self.parent = run
                self._chart.arrived = int(run.metrics.get(ENDED, 0))
            elif trial is not None and trial not in self._runs:
                self._runs[trial] = run
                self.run_ids[trial] = run.id
        self._loaded = True

    def _send_parent(self) -> None:
        run = self.parent
        client = self.client
        tags = mapping.sweep_tags(self.record)
        ensure_run(client, run, self.name, tags, self.record.started)
        params = run.new_params(mapping.sweep_params(self.config))
        changed = run.new_tags(tags)
        points = self._chart.missing(self._progress)
        client.send(run.id, points, params, changed)
        self._progress.clear()  # what fails below must not send them again
        run.params |= set(params)
        run.tags.update(changed)
        self._send_config()
        if run.status != self._status:
            client.set_status(run.id, self._status)
            run.status = self._status

    def _send_config(self) -> None:
        text = to_yaml(self.config)
        mark = {CONFIG_TAG: digest(text)}
        if self.parent.new_tags(mark):
            self.client.log_text(self.parent.id, text, "config.yaml")
            self.client.send(self.parent.id, (), {}, mark)
            self.parent.tags.update(mark)

    def _send_trial(self, trial: TrialRecord, yardstick: Yardstick) -> None:
        # A trial that ended, was dropped from memory and is resumed keeps its run.
        run = self._runs.setdefault(trial.id, RunState(self.run_ids.get(trial.id, "")))
        tags = mapping.trial_tags(trial, self.record, self.parent.id)
        ensure_run(self.client, run, trial.id, tags, trial.started, trial=trial.id)
        self.run_ids[trial.id] = run.id
        points, known = self._points(trial, run, yardstick)
        params = run.new_params(mapping.trial_params(trial, self._varied))
        changed = run.new_tags(tags)
        self.client.send(run.id, points, params, changed)
        run.last_epoch = max(run.last_epoch, trial.last_epoch)
        run.metrics = known
        run.params |= set(params)
        run.tags.update(changed)
        send_status(self.client, run, trial)

    def _points(
        self, trial: TrialRecord, run: RunState, yardstick: Yardstick
    ) -> tuple[list[MetricPoint], dict[str, float]]:
        """Return the points that a run lacks, and the last values that it has with them."""
        points = [
            point
            for epoch in trial.epochs
            if epoch.epoch > run.last_epoch
            for point in mapping.epoch_points(trial, epoch, self.config, self.record)
        ]
        known = {**run.metrics, **{point.name: point.value for point in points}}
        if trial.ended:  # the cursor stays the last
            values = final_values(trial, self.record, self.config, yardstick)
            self._values[trial.id] = fingerprint(trial, values)
            final = final_points(trial, values, self.record, self.config, trial.ended)
            points = [*missing_points(final, known, self._now), *points]
        return points, known

    def _publish(self, page: SweepPage, stop: Callable[[], bool]) -> None:
        """Send the page; a step that has been refused is passed over."""
        publisher = Publisher(self.config, self.client, self.name)
        for subject, step in publisher.steps(page, self.parent, self.run_ids, self._values):
            if stop():
                return
            self._send_unless_refused(subject, step, 1)
        self.page = None
