"""A job's handle: what it makes of the cluster's answers."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import AuthenticationError

from mtl_search.errors import ClusterError
from mtl_search.jobs import submission
from mtl_search.jobs.job import Job, find_state, list_states


def _details(job: str, status: str, start: int, name: str = "toy") -> SimpleNamespace:
    return SimpleNamespace(
        submission_id=job,
        status=SimpleNamespace(value=status),
        start_time=start,
        end_time=None,
        metadata={submission.KEY: name, submission.FOLDER: f"/x/{job}"} if name else {},
        driver_exit_code=None,
        message="first\nsecond",
    )


class Client:
    """A job server with three sweeps and another job."""

    def __init__(self, log: str = "") -> None:
        self.log, self.stopped = log, False
        self.failures: list[Exception] = []

    def get_address(self) -> str:
        return "http://h:1"

    def list_jobs(self) -> list[SimpleNamespace]:
        jobs = [_details("toy-1", "SUCCEEDED", 1000), _details("toy-2", "RUNNING", 3000)]
        return [*jobs, _details("faces-1", "FAILED", 2000, "faces"), _details("x", "FAILED", 9, "")]

    def get_job_info(self, job: str) -> SimpleNamespace:
        if self.failures:
            raise self.failures.pop()
        return _details(job, "STOPPED" if self.stopped else "RUNNING", 1000)

    def get_job_logs(self, job: str) -> str:
        return self.log

    def stop_job(self, job: str) -> None:
        self.stopped = True


def test_jobs_are_sweeps_the_latest_first() -> None:
    client: Any = Client()
    assert [state.job for state in list_states(client)] == ["toy-2", "faces-1", "toy-1"]
    for named, job in (
        (None, "toy-2"),
        ("toy", "toy-2"),
        ("toy-1", "toy-1"),
        ("/x/toy-1", "toy-1"),
    ):
        assert find_state(client, named).job == job
    with pytest.raises(ClusterError, match="did you mean 'faces-1'"):
        find_state(client, "face-1")


@pytest.mark.parametrize(
    ("log", "how"),
    [
        ("8 trials, 1 at a time: x\n\nStopped. Go on with: mtl-search submit a", "in order"),
        ("8 trials, 1 at a time: x\n1/8 equal-0000", "killed"),
        ("8 trials, 1 at a time: x\n8/8 equal-0007\nNext:  mtl-search ui /x", "done"),
        ("Traceback\nKeyboardInterrupt", "before it began"),
    ],
)
def test_how_a_sweep_was_stopped_is_read_from_its_log(log: str, how: str) -> None:
    client: Any = Client(log)
    assert Job(client, "toy-2").stop() == how


def test_a_job_shows_its_id_and_its_cluster() -> None:
    client: Any = Client()
    assert repr(Job(client, "toy-2")) == "<Job toy-2 at http://h:1>"


def test_the_wait_has_an_end() -> None:
    client: Any = Client()
    with pytest.raises(ClusterError, match="has not ended in 0 s: RUNNING"):
        Job(client, "toy-2").wait(0)


def test_a_wait_outlives_a_connection_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    server = Client("8 trials, 1 at a time: x\nStopped. Go on with: mtl-search submit a")
    server.failures = [
        ConnectionError("reset"),
        RuntimeError("Request failed with status code 502"),
    ]
    client: Any = server
    assert Job(client, "toy-2").stop() == "in order"
    assert not server.failures
    server.failures = [ConnectionError("reset")]
    assert Job(client, "toy-2").wait() == "STOPPED"
    assert not server.failures


def test_a_wait_ends_where_it_would_not_help() -> None:
    server = Client()
    client: Any = server
    server.failures = [AuthenticationError("Invalid token")] * 2
    with pytest.raises(ClusterError, match="does not accept the token"):
        Job(client, "toy-2").wait()
    assert len(server.failures) == 1
    server.failures = [ConnectionError("reset")] * 2
    with pytest.raises(ClusterError, match="no Ray cluster answers"):
        Job(client, "toy-2").wait(-1)


def test_a_folder_below_one_that_the_head_knows_is_read_from_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client: Any = Client("noise\ntoy → /shared/runs/toy 1\n8 trials")
    assert Job(client, "toy-1").folder() == "/x/toy-1"
    details = _details("toy-1", "RUNNING", 1)
    details.metadata[submission.FOLDER] = f"{submission.ROOT}/toy 1"
    monkeypatch.setattr(client, "get_job_info", lambda job: details)
    assert Job(client, "toy-1").folder() == "/shared/runs/toy 1"
