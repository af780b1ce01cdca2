"""The journal: what is written is read again, whatever happened to the process that wrote it."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.errors import DiskFullError, SweepError
from mtl_search.storage.events import GenerationEnded, InfoReported, SweepCompleted, SweepStarted
from mtl_search.storage.journal import Journal, Observer, finite, read_events, read_record
from mtl_search.storage.lines.seal import Seal
from mtl_search.storage.records import SweepRecord
from tests.support.recorded_sweeps import Builder, whole

Open = Callable[..., Journal]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sweep" / "journal.jsonl"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[..., Journal]]:
    """Open the journal at the path; it is closed after the test."""
    with ExitStack() as stack:

        def open_it(*observers: Observer) -> Journal:
            journal = Journal(path, observers)
            stack.callback(journal.close)
            return journal

        yield open_it


def append(path: Path, line: dict[str, Any]) -> None:
    """Write a line of a later version, which has its checksum."""
    sealed = Seal(path.read_bytes()).closed(json.dumps(line).encode())
    path.write_bytes(path.read_bytes() + sealed)


def facts(record: SweepRecord) -> list[Any]:
    return [
        *record.trials.values(),
        record.id,
        record.name,
        record.sessions,
        record.complete,
        record.started,
    ]


def test_the_record_is_the_same_when_it_is_read_again(path: Path, opened: Open) -> None:
    builder = whole(Builder(path))
    assert len(builder.sweep_record.trials) > 30
    assert facts(read_record(path)) == facts(builder.sweep_record)
    assert facts(opened().record) == facts(builder.sweep_record)


def test_no_file_is_an_empty_record(path: Path) -> None:
    assert read_events(path) == []
    assert read_record(path).trials == {}


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_broken_last_line_is_cut_off(path: Path, opened: Open, cut: int) -> None:
    builder = Builder(path).sweep()
    builder.trial("search", 0, 0.5)
    builder.begin("search", 1)
    whole_text = path.read_bytes()
    path.write_bytes(whole_text[:-cut])
    journal = opened()
    assert path.read_bytes() == whole_text[: whole_text.rstrip(b"\n").rfind(b"\n") + 1]
    journal.write(SweepCompleted())
    assert [event.kind for event in read_events(path)][-2:] == ["trial", "done"]
    assert journal.record.trials["search-0000"].finished
    assert not journal.record.trials["search-0001"].finished


@pytest.mark.parametrize(
    "line", ['{"event": "tri', "3", "[]", '{"no": "event"}', "\x00\x00", "null"]
)
def test_a_broken_line_in_the_middle_is_an_error(path: Path, line: str) -> None:
    builder = Builder(path).sweep()
    builder.trial("search", 0, 0.5)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], f"{line}\n", *lines[2:]]))
    for read in (read_record, Journal):
        with pytest.raises(SweepError, match=r"journal\.jsonl, line 3: not a journal of a sweep"):
            read(path)


def test_bytes_that_are_no_text_are_an_error(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe{}\n{}\n")
    with pytest.raises(SweepError, match="line 1: not a journal"):
        read_record(path)


@pytest.mark.parametrize(
    "event",
    [
        {"event": "end", "id": "search-0000", "state": "FAIL", "reason": "", "time": 1},
        {"event": "trial", "id": "search-0000", "time": 1},
        {"event": "sweep"},
    ],
)
def test_an_event_that_cannot_be_is_an_error(path: Path, event: dict[str, Any]) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps(event) + "\n")
    with pytest.raises(SweepError, match="line 1: not a journal"):
        Journal(path)


def test_events_and_fields_of_later_versions_are_ignored(path: Path) -> None:
    builder = Builder(path).sweep()
    append(path, {"event": "weather", "time": 1, "sky": "blue"})
    append(path, {"event": "generation", "time": 1, "arm": "equal", "epoch": 2, "sky": "grey"})
    record = read_record(path)
    assert facts(record) == facts(builder.sweep_record)
    assert record.generations == {"equal": 2}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_what_json_cannot_hold_is_refused_and_leaves_no_trace(
    path: Path, opened: Open, value: Any
) -> None:
    journal = opened()
    with pytest.raises(ValueError, match="Out of range float"):
        journal.write(InfoReported(id="search-0000", info={"lr": value}))
    with pytest.raises(TypeError, match="cannot write set"):
        journal.write(InfoReported(id="search-0000", info={"tasks": {1}}))
    assert path.read_bytes() == b""


def test_numbers_of_numpy_are_written_as_numbers(path: Path, opened: Open) -> None:
    epoch: Any = np.int64(3)
    time: Any = np.float32(0.5)
    opened().write(GenerationEnded(time=time, arm="equal", epoch=epoch))
    start = '{"event": "generation", "time": 0.5, "arm": "equal", "epoch": 3, "sum": "'
    assert path.read_text().startswith(start)


def test_observers_see_every_event_after_the_record_has_it(path: Path) -> None:
    seen: list[tuple[str, int]] = []
    builder = Builder(
        path, observers=[lambda event, record: seen.append((event.kind, len(record.trials)))]
    )
    builder.sweep()
    builder.trial("search", 0, 0.5, epochs=2)
    builder.done()
    assert seen == [
        ("sweep", 0),
        ("trial", 1),
        ("info", 1),
        ("epoch", 1),
        ("epoch", 1),
        ("end", 1),
        ("done", 1),
    ]


def test_observers_do_not_see_what_was_there_before(path: Path, opened: Open) -> None:
    whole(Builder(path))
    seen: list[Any] = []
    opened(lambda event, record: seen.append(event)).write(SweepCompleted())
    assert [event.kind for event in seen] == ["done"]


def test_finite_keeps_numbers_only() -> None:
    numbers: dict[str, Any] = {"a": 1, "b": float("nan"), "c": float("inf"), "d": np.float32(0.5)}
    kept = finite(numbers)
    assert kept == {"a": 1.0, "d": 0.5}
    assert all(type(value) is float for value in kept.values())


def test_on_a_full_disk_an_event_is_written_whole_or_not_at_all(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    journal = opened(lambda event, record: told.append(event.kind))
    journal.write(SweepStarted(id="abc", name="tiny"))
    before, write = path.read_bytes(), os.write

    def full(number: int, data: bytes) -> int:
        if len(data) > 10:
            return write(number, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(DiskFullError, match=f"no room to write to {path.parent}"):
            journal.write(SweepCompleted())
    assert path.read_bytes() == before
    assert not journal.record.complete
    journal.write(SweepCompleted())
    assert told == ["sweep", "done"]
    assert read_record(path).complete
