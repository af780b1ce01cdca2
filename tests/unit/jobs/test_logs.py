"""A log is followed to the job's end, whatever the stream does: each character once."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.errors import ClusterError
from mtl_search.jobs import logs
from mtl_search.jobs.client import RefusedError
from mtl_search.jobs.logs import LogFollower

LOG = "".join(f"line {number}: ä\n" for number in range(20))


class Client:
    """A job server: each stream begins anew and ends as the next of `endings` says.

    Args:
        endings: Of each stream: how many characters it gives, and what it raises then.
        rest: How many times after the last stream nobody answers.
    """

    def __init__(self, endings: list[tuple[int, Exception | None]], silent: int = 0) -> None:
        self.endings, self.silent = endings, silent

    def get_address(self) -> str:
        return "http://h:1"

    def get_job_status(self, job: str) -> Any:
        return SimpleNamespace(is_terminal=lambda: not self.endings)

    def get_job_logs(self, job: str) -> str:
        if self.silent:
            self.silent -= 1
            raise ConnectionError
        return LOG

    async def tail_job_logs(self, job: str) -> AsyncIterator[str]:
        length, error = self.endings.pop(0)
        for start in range(0, length, 7):
            yield LOG[start : min(length, start + 7)]
        if error is not None:
            raise error


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(logs, "_POLL_S", 0.05)


@pytest.mark.parametrize(
    "endings",
    [
        [(len(LOG), None)],
        [(0, None)],
        [(50, None), (30, None), (90, None)],
        [(50, RuntimeError("closed with 1006")), (51, OSError("reset")), (200, None)],
        [(40, ConnectionResetError()), (len(LOG), None)],
    ],
)
def test_nothing_is_lost_and_nothing_comes_twice(
    endings: list[tuple[int, Exception | None]],
) -> None:
    client: Any = Client(list(endings), silent=2)
    told: list[str] = []
    assert "".join(LogFollower(client, "a", on_lost=told.append).pieces()) == LOG
    assert len(told) == 1


def test_a_connection_that_stays_away_is_given_up() -> None:
    client: Any = Client([(30, None)], silent=10**6)
    follower = LogFollower(client, "a", patience_s=0.0)
    with pytest.raises(ClusterError, match="jobs logs a --follow` takes up"):
        list(follower.pieces())


def test_a_refusal_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    client: Any = Client([(30, None)])

    def refuse(job: str) -> str:
        raise RuntimeError("Request failed with status code 404: Job a does not exist")

    monkeypatch.setattr(client, "get_job_logs", refuse)
    with pytest.raises(RefusedError, match="there is no job 'a'"):
        list(LogFollower(client, "a").pieces())
