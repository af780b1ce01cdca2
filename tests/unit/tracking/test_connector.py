"""A store that is away when a sweep begins, and comes back while it runs, or does not."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mtl_search.errors import ConfigError
from mtl_search.tracking import Tracker, connector, links
from mtl_search.tracking.address import StoreAwayError
from mtl_search.tracking.connector import Connector
from tests.support.mlflow_runs import runs_of
from tests.support.recorded_sweeps import Builder, config


@pytest.mark.parametrize("scheme", ["http", "postgresql+psycopg2"])
def test_a_sweep_begins_without_a_store_that_is_away_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, scheme: str
) -> None:
    uri = f"{scheme}://me:secret@127.0.0.1:9/db"
    started = time.monotonic()
    tracker = Tracker(config(**{"tracking.uri": uri}), tmp_path)
    tracker.start()
    assert time.monotonic() - started < 10
    reason = f"MLflow at {scheme}://127.0.0.1:9/db cannot be used: Connection refused"
    assert tracker.degraded == reason
    (line,) = caplog.messages
    assert line == (
        f"{reason}. The sweep begins without it and keeps everything; it is sent when MLflow "
        f"answers, or by: mtl-search sync {tmp_path}"
    )
    assert tracker.close(patience=0.0) == 0


def test_one_that_answers_before_the_sweep_asks_for_it_was_never_away(
    sweep_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The store is asked while Ray starts: its second attempt may come before the first event."""
    open_client, attempts = links.open_client, []

    def open_at_last(*arguments: Any) -> Any:
        attempts.append(threading.current_thread().name)
        if len(attempts) == 1:
            raise StoreAwayError("away")
        return open_client(*arguments)

    monkeypatch.setattr(links, "open_client", open_at_last)
    monkeypatch.setattr(connector, "_PAUSES_S", (0.05,))
    tracker = Tracker(config(), sweep_dir, flush_s=0.1)
    tracker.begin()
    assert tracker._connector.tried.wait(5)
    deadline = time.monotonic() + 20
    while tracker._run_sync is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    tracker.start()
    assert not tracker.degraded
    assert attempts == ["mtl_search.tracking"] * 2
    assert not [line for line in caplog.messages if "begins without it" in line]
    assert tracker.close() == 0


def test_a_store_that_comes_back_gets_all_from_the_start(
    sweep_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_back = threading.Event()
    open_client = links.open_client

    def open_when_back(*arguments: Any) -> Any:
        if not is_back.is_set():
            raise StoreAwayError("away")
        return open_client(*arguments)

    monkeypatch.setattr(links, "open_client", open_when_back)
    monkeypatch.setattr(connector, "_PAUSES_S", (0.05,))
    tracker = Tracker(config(), sweep_dir, flush_s=0.1)
    tracker.start()
    builder = Builder(sweep_dir / "journal.jsonl", observers=[tracker.observe]).sweep()
    first = builder.trial("search", 0, 0.9)
    assert tracker.degraded == "away"
    assert tracker.unsent > 0
    is_back.set()
    second = builder.trial("search", 1, 0.8)
    builder.done()
    assert tracker.close() == 0
    assert not tracker.degraded
    found = runs_of(tracker)
    assert set(found.by_trial) == {"", first, second}
    assert found.parent.info.status == "FINISHED"


def test_what_a_store_that_stays_away_has_not_got_is_named(
    sweep_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> object:
        raise StoreAwayError("away")

    monkeypatch.setattr(links, "open_client", away)
    tracker = Tracker(config(), sweep_dir, flush_s=0.1)
    tracker.start()
    builder = Builder(sweep_dir / "journal.jsonl", observers=[tracker.observe]).sweep()
    builder.trial("search", 0, 0.9)
    waiting = tracker.unsent
    assert tracker.close(patience=0.3) == waiting > 0
    assert f"{waiting} events did not reach MLflow" in caplog.text
    assert ", of trial search-0000" in caplog.text
    assert f"mtl-search sync {sweep_dir}" in caplog.messages[-1]


def test_it_tries_again_until_the_store_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = object()
    answers: list[Any] = [StoreAwayError("away"), StoreAwayError("away"), OSError("odd"), client]

    def answer(*_: object) -> object:
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(links, "open_client", answer)
    monkeypatch.setattr(connector, "_PAUSES_S", (0.01, 0.02))
    monkeypatch.setattr(connector, "_LOOK_S", 0.001)
    found = Connector(config(), tmp_path)
    assert found.open() is None
    assert found.wait(0.0, must_answer=False) == "away"
    assert found.open_later(threading.Event(), threading.Event()) is client


def test_it_ends_when_nobody_waits_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> object:
        raise ConfigError("deleted", path="tracking.experiment")

    monkeypatch.setattr(links, "open_client", refuse)
    found = Connector(config(), tmp_path)
    assert found.open() is None
    with pytest.raises(ConfigError, match="deleted"):
        found.wait(0.0, must_answer=False)
    given_up = threading.Event()
    given_up.set()
    assert found.open_later(given_up, threading.Event()) is None
