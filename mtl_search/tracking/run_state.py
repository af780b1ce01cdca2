"""What MLflow is known to have of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtl_search.storage.trial_record import TrialRecord
from mtl_search.tracking import mapping
from mtl_search.tracking.mapping import MetricPoint

if TYPE_CHECKING:
    from mtl_search.tracking.client import TrackingClient


@dataclass
class RunState:
    """What MLflow is known to have of one run.

    Attributes:
        id: Its id in MLflow; empty until it is made.
        searched: Whether it is known that MLflow has no run but that of `id`. A request to make one
            may have arrived although it failed.
        status: Its status.
        tags: Its tags.
        params: Names of its params.
        metrics: Name → last value that it has of an epoch, or had when this session found it.
        last_epoch: The last epoch that it has. An epoch that a trial trains again, after a kill,
            stays as it was: MLflow can take no point back, and would show both.
    """

    id: str = ""
    searched: bool = True
    status: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    params: set[str] = field(default_factory=set)
    metrics: Mapping[str, float] = field(default_factory=dict)
    last_epoch: int = 0

    @classmethod
    def of(cls, run: Any) -> RunState:
        """Return what MLflow has of a run, as it gives it."""
        return cls(
            id=run.info.run_id,
            status=run.info.status,
            tags=dict(run.data.tags),
            params=set(run.data.params),
            metrics=dict(run.data.metrics),
            last_epoch=int(run.data.metrics.get(mapping.CURSOR, 0)),
        )

    def new_params(self, params: Mapping[str, str]) -> dict[str, str]:
        """Return the params that the run does not have.

        MLflow changes none; where an extended sweep has other values, the artifact has the new
        config.
        """
        return {name: value for name, value in params.items() if name not in self.params}

    def new_tags(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Return the tags that the run does not have, or has with another value."""
        return {name: value for name, value in tags.items() if self.tags.get(name) != value}

    def new_points(self, points: list[MetricPoint]) -> list[MetricPoint]:
        """Return the points whose value is not the last one that the run has."""
        return [point for point in points if self.metrics.get(point.name) != point.value]


def ensure_run(
    client: TrackingClient,
    run: RunState,
    name: str,
    tags: Mapping[str, str],
    started: float,
    *,
    trial: str | None = None,
) -> None:
    """Make a run if there is none; after a failed attempt search for it first.

    Args:
        client: The store.
        run: What is known of the run.
        name: Its name.
        tags: Its tags, by which it is found.
        started: When it began, as Unix time in seconds.
        trial: The id of its trial; None: it is the run of the sweep.
    """
    if run.id:
        return
    if not run.searched:
        for candidate in client.find_runs(tags[mapping.SWEEP], trial):
            if candidate.data.tags.get(mapping.TRIAL) == trial:
                run.id = str(candidate.info.run_id)
                break
    if not run.id:
        run.searched = False
        run.id = client.create_run(name, tags, mapping.milliseconds(started))
        run.tags = dict(tags)
    run.searched = True
    run.status = run.status or "RUNNING"


def send_status(client: TrackingClient, run: RunState, trial: TrialRecord) -> None:
    """Send the status of a trial's run where MLflow has another one.

    Args:
        client: The store.
        run: What is known of the run.
        trial: The trial.
    """
    status = mapping.STATUS[trial.state]
    if status == "RUNNING" and trial.ended:
        status = "KILLED"
    if status != run.status:
        ended = mapping.milliseconds(trial.ended) if status != "RUNNING" else None
        client.set_status(run.id, status, ended)
        run.status = status
