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
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mtl_search.errors import SweepError
from mtl_search.storage import disk
from mtl_search.storage.earlier_versions import upgraded
from mtl_search.storage.events import Event, event_from_json
from mtl_search.storage.records import SweepRecord

Observer = Callable[[Event, SweepRecord], None]


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

    def write(self, event: Event) -> None:
        """Append one event, apply it to the record, pass it to the observers.

        Raises:
            DiskFullError: There is no room; nothing is written, applied or passed on.
        """
        line = json.dumps(event.to_json(), allow_nan=False, default=_plain) + "\n"
        with disk.writes_to(self.path.parent):
            self._append(line.encode(), durable=event.durable)
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


def read_events(path: Path) -> list[Event]:
    """Read the events of a journal that this version knows; none when there is no file.

    Raises:
        SweepError: A line other than the last is not an event.
    """
    return [event for _, event in _numbered_events(path)]


def read_record(path: Path) -> SweepRecord:
    """Read a journal into a record.

    Raises:
        SweepError: It is not a journal.
    """
    record = SweepRecord()
    number = 0
    try:
        for number, event in _numbered_events(path):  # noqa: B007  # the error names the line
            record.apply(event)
    except (KeyError, TypeError) as error:  # such as an event of a trial that never began
        raise _not_a_journal(path, number, repr(error)) from None
    return record


def _numbered_events(path: Path) -> Iterator[tuple[int, Event]]:
    """Yield the number of the line and the event, of each line that is complete."""
    if not path.exists():
        return
    # What follows the last newline was never finished.
    lines = path.read_bytes().split(b"\n")[:-1]
    for number, text in enumerate(lines, start=1):
        event = _parse(path, number, text)
        if event is not None:
            yield number, event


def _parse(path: Path, number: int, text: bytes) -> Event | None:
    """Return the event of a line; None for a kind that this version does not know."""
    try:
        line = json.loads(text)
        if not isinstance(line, dict) or "event" not in line:
            raise _not_a_journal(path, number, "an event is needed")
        return event_from_json(upgraded(line))
    except ValueError as error:
        raise _not_a_journal(path, number, error) from None
    except (KeyError, TypeError) as error:  # a field is missing
        raise _not_a_journal(path, number, repr(error)) from None


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
