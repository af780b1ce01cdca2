"""Read the lines of a journal, or say which one is damaged, and how."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from mtl_search.errors import SweepError
from mtl_search.storage.earlier_versions import upgrade
from mtl_search.storage.events import (
    EVENT_CLASSES,
    EpochEnded,
    Event,
    MetricScales,
    SweepStarted,
    TrialEvent,
    event_from_json,
)
from mtl_search.storage.lines.order import FORMAT, Order
from mtl_search.storage.lines.seal import Seal, is_sealed
from mtl_search.storage.lines.types import problem_of

_NOT_IN_NAMES = re.compile(r"[/\\\0]")


class _DamageError(Exception):
    """A line is not as it was written; the message says how."""


def numbered_events(path: Path) -> Iterator[tuple[int, Event]]:
    """Yield the number of the line and the event, of each line that is complete.

    What follows the last newline was never finished, and is passed over.

    Args:
        path: The journal.

    Raises:
        SweepError: A line is damaged, does not belong there, or a later version has written it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SweepError(f"{path} cannot be read: {error.strerror or error}") from None
    lines = _Lines()
    for number, text in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            event = lines.event(text)
        except _LaterVersionError as later:
            raise SweepError(f"{path}, line {number}: {later}") from None
        except _DamageError as damage:
            raise damaged(path, number, damage) from None
        if event is not None:
            yield number, event


def damaged(path: Path, line: int, problem: object) -> SweepError:
    """Return the error of a journal with a line that was not written so."""
    return SweepError(
        f"{path}, line {line}: not a journal of a sweep ({problem}); nothing was written: put the "
        "file back as it was, from a copy, or start a new sweep in another folder"
    )


class _LaterVersionError(Exception):
    """This version cannot know what a line says."""


class _Lines:
    """Take the lines of a journal in, one by one."""

    def __init__(self) -> None:
        self._order = Order()
        self._seal = Seal()
        self._is_sealed = False  # whether the session's lines have checksums

    def event(self, text: bytes) -> Event | None:
        """Return the event of the next line; None for a kind that this version does not know.

        Raises:
            _DamageError: The line cannot stand there.
            _LaterVersionError: A later version has written it.
        """
        line = _parsed(text)
        if line["event"] == SweepStarted.kind:
            _check_format(line)
        sealed = is_sealed(text)
        if sealed and (problem := self._seal.problem(text)):
            raise _DamageError(problem)
        if self._is_sealed and not sealed and line["event"] != SweepStarted.kind:
            raise _DamageError("it has no checksum, which the lines before it have")
        self._is_sealed = sealed
        self._seal.advance(text + b"\n")
        event = _event(upgrade(line), is_strict=not sealed)
        if event is not None and (problem := self._order.problem(event, sealed=sealed)):
            raise _DamageError(problem)
        return event


def _parsed(text: bytes) -> dict[str, Any]:
    """Return the object of a line; each key stands there once, and numbers are finite."""
    try:
        line = json.loads(
            text.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_object
        )
        json.dumps(line, ensure_ascii=False).encode("utf-8")  # half a character cannot be shown
    except json.JSONDecodeError as error:
        raise _DamageError(f"no JSON at column {error.colno}: {error.msg}") from None
    except UnicodeError:
        raise _DamageError("not UTF-8") from None
    except RecursionError:
        raise _DamageError("lists in lists, very deep") from None
    except ValueError as error:  # such as a number of thousands of digits
        raise _DamageError(str(error)) from None
    if not isinstance(line, dict) or not isinstance(line.get("event"), str):
        raise _DamageError("an event is needed")
    return line


def _no_number(name: str) -> Any:
    raise ValueError(f"a finite number is needed, not {name}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) < len(pairs):
        raise ValueError("a key stands there twice")
    return tree


def _check_format(line: Mapping[str, Any]) -> None:
    number = line.get("format", 1)
    if isinstance(number, int) and number > FORMAT:
        raise _LaterVersionError(
            "a later version of mtl_search has written this sweep (its format is "
            f"{number}, and this version reads up to {FORMAT}): it takes a later version to read it"
        )


def _event(line: Mapping[str, Any], *, is_strict: bool) -> Event | None:
    """Return the event of a line; None for a kind that this version does not know.

    Args:
        line: The line, with the names of today.
        is_strict: Whether the line has no checksum. Then what this version does not know is a
            misspelling: versions that write no checksums knew nothing else.
    """
    event_class = EVENT_CLASSES.get(line["event"])
    if event_class is None:
        if is_strict:
            raise _DamageError(f"there is no event {line['event']!r}")
        return None
    names = [field.name for field in fields(event_class)]
    known = [name for name in names if name in line]
    if is_strict and (unknown := sorted(line.keys() - {"event", *names})):
        raise _DamageError(f"an event {line['event']!r} has no {unknown[0]!r}")
    if problem := problem_of(event_class, line, known):
        raise _DamageError(problem)
    try:
        event = event_from_json(line)
    except (KeyError, TypeError):
        missing = next(name for name in names if name not in line)
        raise _DamageError(f"{missing!r} is missing") from None
    assert event is not None
    _check_values(event)
    return event


def _check_values(event: Event) -> None:
    """Refuse names that lead out of their folder, and numbers that cannot be."""
    folders: list[str] = []
    if isinstance(event, TrialEvent):
        folders = [event.id]
    elif isinstance(event, SweepStarted):
        folders = [event.id, event.name]  # they name a folder in a storage
    for name in folders:
        if name in ("", ".", "..") or _NOT_IN_NAMES.search(name):
            raise _DamageError(f"{name!r} cannot name a folder")
    if isinstance(event, EpochEnded) and event.epoch < 1:
        raise _DamageError(f"epoch: a number from 1 is needed, not {event.epoch}")
    if isinstance(event, MetricScales):
        for key, pair in event.values.items():
            if len(pair) != 2:
                raise _DamageError(f"values, {key}: the trivial and the perfect value are needed")
