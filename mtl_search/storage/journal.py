"""The journal: an append-only file of events, one JSON object a line.

    sweep       SweepStarted           a session begins (the first, or a resume)
    trial       TrialStarted           a trial begins
    info        InfoReported           what the built trial says of itself
    epoch       EpochEnded             an epoch ended
    judged      ObjectivesRecomputed   objectives of a trial's epochs by another reference
    perturb     ExploitEnded           a member goes on with another's network and other values
    generation  GenerationEnded        every perturb of this epoch is written
    end         TrialEnded             a trial ended
    start       InitialPointsResolved  loss weights that the search arm tries first
    scales      MetricScales           trivial and perfect value of each metric
    data        DataDescribed          name, digest and sizes of the data set
    environment EnvironmentDescribed   versions and devices of a session
    look        VerdictLooked          the verdict was looked at, with so many seeds
    baseline    BaselineScored         a model of scikit-learn is scored on a task
    stop        SearchStopped          no trial of the search, or none at all, begins any more
    done        SweepCompleted         every arm has spent its budget

All else that is known of a sweep is rebuilt from here: the Optuna studies, the scheduler's rungs,
the MLflow runs. A process that is killed while it writes leaves at most one broken last line, which
is cut off when the journal is next opened.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mtl_search.config.secrets import masked
from mtl_search.errors import SweepError
from mtl_search.storage import disk
from mtl_search.storage.earlier_versions import upgrade
from mtl_search.storage.events import (
    BaselineScored,
    Event,
    SweepStarted,
    TrialEnded,
    TrialEvent,
    event_from_json,
)
from mtl_search.storage.records import SweepRecord

_NOT_IN_NAMES = re.compile(r"[/\\\0]")

Observer = Callable[[Event, SweepRecord], None]


class Journal:
    """Appends events, keeps the record up to date and passes the events to observers.

    Args:
        path: The file; made when missing, read when present.
        observers: Functions that are called with each new event after it was written, and with the
            record; they must not raise.

    Raises:
        SweepError: The file is not a journal.

    Examples:
        >>> import tempfile
        >>> from mtl_search.storage.events import GenerationEnded
        >>> journal = Journal(Path(tempfile.mkdtemp()) / "journal.jsonl")
        >>> journal.write(GenerationEnded(arm="search", epoch=2))
        >>> journal.close()
        >>> read_record(journal.path).generations
        {'search': 2}
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
        event = _without_secrets(event)
        line = json.dumps(event.to_json(), allow_nan=False, default=_plain) + "\n"
        with disk.writes_to(self.path.parent):
            self._append(line.encode(), durable=event.durable)
        self.record.apply(event)
        for observer in self.observers:
            observer(event, self.record)

    def _append(self, line: bytes, *, durable: bool) -> None:
        """Append all of a line or, on a full disk, nothing: half a line would spoil the next."""
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
        event = event_from_json(upgrade(line))
        if event is not None:
            _check_folder_names(event)
        return event
    except (ValueError, RecursionError) as error:  # RecursionError: lists in lists, very deep
        raise _not_a_journal(path, number, error) from None
    except (KeyError, TypeError) as error:  # a field is missing
        raise _not_a_journal(path, number, repr(error)) from None


def finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return the metrics that are finite: JSON has no NaN, and nothing compares with one.

    Examples:
        >>> finite({"val/left/accuracy": 0.5, "val/left/auroc": float("nan")})
        {'val/left/accuracy': 0.5}
    """
    return {key: float(value) for key, value in metrics.items() if math.isfinite(value)}


def _without_secrets(event: Event) -> Event:
    """Mask why something failed: such a text is that of any library."""
    if isinstance(event, TrialEnded | BaselineScored):
        return replace(event, reason=masked(event.reason))
    return event


def _check_folder_names(event: Event) -> None:
    """Refuse names that lead out of their folder: a journal may come from anywhere."""
    names: list[object] = []
    if isinstance(event, TrialEvent):
        names = [event.id]
    elif isinstance(event, SweepStarted):
        names = [event.id, event.name]  # they name a folder in a storage
    for name in names:
        if not isinstance(name, str) or name in ("", ".", "..") or _NOT_IN_NAMES.search(name):
            raise ValueError(f"{name!r} cannot name a folder")


def _not_a_journal(path: Path, line: int, problem: object) -> SweepError:
    return SweepError(f"{path}, line {line}: not a journal of a sweep ({problem})")


def _cut_broken_line(path: Path) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    complete = content.rfind(b"\n") + 1
    if complete < len(content):
        with path.open("r+b") as file:
            file.truncate(complete)


def _plain(value: Any) -> Any:
    """Return the Python value of a NumPy scalar or the like."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"cannot write {type(value).__name__} to the journal")
