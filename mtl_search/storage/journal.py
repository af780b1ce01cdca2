"""The journal: an append-only file of events, one JSON object a line. It is the truth of a sweep.

    sweep       id, name, time                                a session begins (the first, or a resume)
    trial       id, arm, number, params, seed, ...            a trial begins
    info        id, info                                      what the built trial says of itself
    epoch       id, epoch, metrics, objective, seconds, time  an epoch ended
    judged      id, objectives                                what its epochs are worth by another reference
    perturb     id, epoch, donor, params, overrides           a member goes on with another's network and other values
    generation  arm, epoch                                    every perturb of this epoch is written
    end         id, state, reason, test, time                 a trial ended
    start       points                                        loss weights that the search arm tries after equal ones
    done        time                                          every arm has spent its budget

The Optuna studies, the scheduler's rungs and the MLflow runs are all rebuilt from here. A process that is killed while
it writes leaves at most one broken last line, which is cut off when the journal is next opened.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from mtl_search.errors import SweepError
from mtl_search.storage import disk
from mtl_search.storage.earlier_versions import upgraded
from mtl_search.storage.records import Event, SweepRecord

Observer = Callable[[Event, SweepRecord], None]

# Losing an epoch line costs nothing, since the trial is not finished; these are on the disk before the sweep goes on.
_DURABLE = frozenset({"sweep", "start", "trial", "perturb", "generation", "end", "done"})


class Journal:
    """Appends events, keeps the record up to date and tells observers.

    Args:
        path: The file; made when missing, read when present.
        observers: Called with each new event after it was written; they must not raise.

    Raises:
        SweepError: The file is not a journal.
    """

    def __init__(self, path: Path, observers: Iterable[Observer] = ()) -> None:
        self.path = path
        self.observers = list(observers)
        self.record = read_record(path)
        _cut_broken_line(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)

    def write(self, kind: str, **fields: Any) -> None:
        """Append one event, apply it to the record, tell the observers.

        Raises:
            DiskFullError: There is no room; nothing is written, applied or told.
        """
        event = {"event": kind, "time": time.time(), **fields}
        line = json.dumps(event, allow_nan=False, default=_plain) + "\n"
        with disk.writes_to(self.path.parent):
            self._append(line.encode(), durable=kind in _DURABLE)
        self.record.apply(event)
        for observer in self.observers:
            observer(event, self.record)

    def _append(self, line: bytes, *, durable: bool) -> None:
        """All of it or, on a full disk, nothing: half a line would spoil the next one."""
        number = self._file.fileno()
        size = os.fstat(number).st_size
        try:
            while line:
                line = line[os.write(number, line) :]
            if durable:
                os.fsync(number)
        except OSError:
            os.ftruncate(number, size)
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_events(path: Path) -> list[dict[str, Any]]:
    """The complete events of a journal; none when there is no file.

    Raises:
        SweepError: A line other than the last is not a JSON object.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    events = []
    for number, line in enumerate(
        lines[:-1], start=1
    ):  # what follows the last newline was never finished
        try:
            event = json.loads(line)
        except ValueError as error:
            raise _not_a_journal(path, number, error) from None
        if not isinstance(event, dict) or "event" not in event:
            raise _not_a_journal(path, number, "an event is needed")
        events.append(upgraded(event))
    return events


def read_record(path: Path) -> SweepRecord:
    """The record that a journal tells.

    Raises:
        SweepError: It is not a journal.
    """
    record = SweepRecord()
    events = read_events(path)
    applied = 0
    try:
        for event in events:
            record.apply(event)
            applied += 1
    except (
        KeyError,
        TypeError,
    ) as error:  # a field is missing, or it is about a trial that never began
        raise _not_a_journal(path, applied + 1, repr(error)) from None
    return record


def finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics that are numbers; JSON has no NaN, and nothing can be compared with one."""
    return {key: float(value) for key, value in metrics.items() if math.isfinite(value)}


def _not_a_journal(path: Path, line: int, why: object) -> SweepError:
    return SweepError(f"{path}, line {line}: not a journal of a sweep ({why})")


def _cut_broken_line(path: Path) -> None:
    if not path.exists():
        return
    text = path.read_bytes()
    whole = text.rfind(b"\n") + 1
    if whole < len(text):
        with path.open("r+b") as file:
            file.truncate(whole)


def _plain(value: Any) -> Any:
    """Numpy scalars and the like as the Python value that they hold."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"cannot write {type(value).__name__} to the journal")
