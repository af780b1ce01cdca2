"""A job on a cluster: its state, its log, its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.errors import ClusterError, SweepError
from mtl_search.jobs import courier, submission
from mtl_search.jobs.client import sentences, unknown_job
from mtl_search.jobs.logs import PATIENCE_S, LogFollower, Patience
from mtl_search.jobs.sweep_log import Stopped, folder_of, how_it_stopped
from mtl_search.storage import sweep_directory

if TYPE_CHECKING:
    from ray.job_submission import JobDetails, JobSubmissionClient

ENDED = ("SUCCEEDED", "FAILED", "STOPPED")
# Ray kills the job after its time to stop; then it has to say so.
_STOP_PATIENCE_S = submission.STOP_WAIT_S + 30.0


@dataclass(frozen=True)
class JobState:
    """What a cluster knows of a job.

    Attributes:
        job: Its id.
        sweep: The name of the sweep.
        state: PENDING, RUNNING, SUCCEEDED, FAILED or STOPPED.
        folder: The sweep's folder on the cluster.
        started: When it was submitted, in seconds since 1970.
        ended: When it ended; None while it runs.
        exit_status: That of the sweep's command; None where there is none.
        message: What the cluster says about its state.
        mlflow: The address of the MLflow server that the config names, without a password.
        resume: The command that goes on with the sweep, without an address; a call of Python where
            the config has no file.
    """

    job: str
    sweep: str
    state: str
    folder: str
    started: float | None
    ended: float | None
    exit_status: int | None
    message: str
    mlflow: str
    resume: str


def state_of(details: JobDetails) -> JobState:
    """Return the state of a job as plain values."""
    data = details.metadata or {}
    started, ended = details.start_time, details.end_time
    return JobState(
        job=str(details.submission_id),
        sweep=data.get(submission.KEY, ""),
        state=str(details.status.value),
        folder=data.get(submission.FOLDER, ""),
        started=started / 1000 if started else None,
        ended=ended / 1000 if ended else None,
        exit_status=details.driver_exit_code,
        message=(details.message or "").split("\n")[0],
        mlflow=data.get(submission.MLFLOW, ""),
        resume=data.get(submission.COMMAND, ""),
    )


def list_states(client: JobSubmissionClient) -> list[JobState]:
    """Return the states of all jobs that are sweeps, the latest first."""
    with sentences(client.get_address()):
        jobs = client.list_jobs()
    sweeps = [state_of(job) for job in jobs if submission.KEY in (job.metadata or {})]
    return sorted(sweeps, key=lambda state: -(state.started or 0))


def find_state(client: JobSubmissionClient, named: str | None) -> JobState:
    """Find a job by its id, or by the name or the folder of its sweep.

    Args:
        client: The connection to the cluster.
        named: Its name; None means the latest.

    Raises:
        ClusterError: There is no such job.
    """
    states = list_states(client)
    for state in states:
        if named in (None, state.job):
            return state
    for state in states:
        if named in (state.sweep, state.folder):
            return state
    raise unknown_job(named or "of a sweep", [state.job for state in states], client.get_address())


def resolve(draft: submission.Submission, client: JobSubmissionClient) -> submission.Submission:
    """Find the folder of a sweep that goes on; a new sweep's stays as it is.

    Raises:
        ClusterError: There is no such job on the cluster, or it still runs.
    """
    if not draft.resume or draft.folder.startswith("/"):
        return draft
    state = find_state(client, draft.folder)
    if state.state not in ENDED:
        raise ClusterError(
            f"the job {state.job} still runs this sweep: `mtl-search jobs stop {state.job}` ends "
            "it in order"
        )
    return replace(draft, folder=state.folder)


class Job:
    """A job on a cluster.

    Args:
        client: The connection to the cluster.
        job_id: The job's id.

    Attributes:
        id: The job's id.
        address: The address of the cluster's dashboard.
    """

    def __init__(self, client: JobSubmissionClient, job_id: str) -> None:
        self._client = client
        self.id = job_id
        self.address: str = client.get_address()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} at {self.address}>"

    def info(self) -> JobState:
        """Return all that the cluster knows of the job.

        Raises:
            ClusterError: The cluster does not answer, or has no such job.
        """
        with sentences(self.address, self.id):
            return state_of(self._client.get_job_info(self.id))

    def status(self) -> str:
        """Return `PENDING`, `RUNNING`, `SUCCEEDED`, `FAILED` or `STOPPED`."""
        return self.info().state

    def logs(self) -> str:
        """Return all that the job has printed so far."""
        with sentences(self.address, self.id):
            return str(self._client.get_job_logs(self.id))

    def follow(
        self, patience_s: float = PATIENCE_S, on_lost: Callable[[str], None] = lambda _: None
    ) -> Iterator[str]:
        """Yield the log as it grows, until the job has ended.

        Args:
            patience_s: How long a connection that is lost may stay away.
            on_lost: A function that is told when the connection is lost.

        Raises:
            ClusterError: The connection is lost for good; the job may run on.
        """
        return LogFollower(self._client, self.id, patience_s, on_lost).pieces()

    def wait(self, timeout_s: float | None = None) -> str:
        """Wait for the job's end, also while the connection is away for some minutes.

        Args:
            timeout_s: How long at most; None means as long as it takes.

        Returns:
            How it ended: `SUCCEEDED`, `FAILED` or `STOPPED`.

        Raises:
            ClusterError: It has not ended in time, or the cluster does not answer.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while (state := self._patiently(self.status, end)) not in ENDED:
            if end is not None and time.monotonic() > end:
                raise ClusterError(f"the job {self.id} has not ended in {timeout_s:g} s: {state}")
            time.sleep(0.5)
        return state

    def stop(self) -> Stopped:
        """Stop the job, and wait until its sweep was ended.

        Returns:
            How it was ended: `in order`, with what was trained so far on the disk; `killed`, after
            which trials go on from their last checkpoints; `before it began`, with nothing to
            resume; or `done`, where the sweep came to its end first.

        Raises:
            ClusterError: It does not end.
        """
        with sentences(self.address, self.id):
            self._client.stop_job(self.id)
        self.wait(_STOP_PATIENCE_S)
        return how_it_stopped(self._patiently(self.logs, time.monotonic() + _STOP_PATIENCE_S))

    def _patiently(self, ask: Callable[[], str], end: float | None) -> str:
        """Ask the cluster, again and again while the connection is lost.

        Args:
            ask: What asks it.
            end: The time (`time.monotonic`) after which it is asked no more; None means as long as
                one that follows the log waits for the connection.

        Raises:
            ClusterError: The connection does not come back, or the cluster refuses to answer.
        """
        patience = Patience(self.id)
        while True:
            try:
                return ask()
            except ClusterError as error:
                lost = error
            if end is not None and time.monotonic() > end:
                raise lost
            patience.wait(lost)

    def folder(self) -> str | None:
        """Return the sweep's folder on the cluster, or None while it is not known.

        The default is below a folder that only the head knows; the log says which.
        """
        state = self.info()
        if state.folder.startswith("/"):
            return state.folder
        return folder_of(state.sweep, self.logs())

    def bring(self, folder: Path) -> Path:
        """Make the files of the sweep's report readable on this machine.

        Args:
            folder: Where they go if they have to be fetched.

        Returns:
            The sweep's own folder where this machine sees it, else `folder`.

        Raises:
            SweepError: The sweep has not begun.
            ClusterError: The cluster does not answer.
        """
        place = self.folder()
        if place is not None and self._is_here(Path(place)):
            return Path(place)
        state = self.info()
        if place is None and state.state in ("PENDING", "RUNNING"):
            raise SweepError(f"the sweep of {self.id} has not begun yet: {state.state}")
        courier.fetch(self._client, place or state.folder, folder)
        return folder

    def _is_here(self, folder: Path) -> bool:
        """Return whether a folder of this machine is that of the sweep: another may have its path.

        Its config and the first line of its journal are written when the sweep begins, after the
        job was submitted.
        """
        journal = folder / sweep_directory.JOURNAL
        try:
            return journal.stat().st_mtime >= (self.info().started or 0) - 1
        except OSError:
            return False


def as_json(state: JobState) -> dict[str, Any]:
    """Return a state as plain JSON types."""
    return dict(vars(state))
