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
is cut off when the journal is next opened. Each line ends with a checksum of all before it (see
`lines.seal`); a journal with a line that cannot stand there is read no further.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mtl_search.config.secrets import masked
from mtl_search.storage import disk
from mtl_search.storage.events import (
    BaselineScored,
    Event,
    TrialEnded,
)
from mtl_search.storage.lines.reading import numbered_events
from mtl_search.storage.lines.seal import Seal
from mtl_search.storage.records import SweepRecord

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
        >>> from mtl_search.storage.events import SweepStarted
        >>> journal = Journal(Path(tempfile.mkdtemp()) / "journal.jsonl")
        >>> journal.write(SweepStarted(id="8b3f5186154a", name="faces"))
        >>> journal.close()
        >>> read_record(journal.path).name
        'faces'
    """

    def __init__(self, path: Path, observers: Iterable[Observer] = ()) -> None:
        self.path = path
        self.observers = list(observers)
        self.record = read_record(path)
        _cut_broken_line(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._seal = Seal(path.read_bytes() if path.exists() else b"")
        self._file = path.open("ab", buffering=0)

    def write(self, event: Event) -> None:
        """Append one event, apply it to the record, pass it to the observers.

        Raises:
            DiskFullError: There is no room; nothing is written, applied or passed on.
        """
        event = _without_secrets(event)
        text = json.dumps(event.to_json(), allow_nan=False, default=_plain)
        line = self._seal.closed(text.encode())
        with disk.writes_to(self.path.parent):
            self._append(line, durable=event.durable)
        self._seal.advance(line)
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
    """Read a journal into a record; an empty one when there is no file.

    Raises:
        SweepError: It is not a journal.
    """
    record = SweepRecord()
    for _, event in _numbered_events(path):
        record.apply(event)
    return record


def _numbered_events(path: Path) -> Iterator[tuple[int, Event]]:
    return numbered_events(path) if path.exists() else iter(())


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
