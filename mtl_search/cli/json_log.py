"""Structured logs: one JSON object a line on standard error, for programs that collect logs.

Every line has `time` (ISO 8601, UTC), `level` and `event`; what is about a sweep has `sweep`, the
name of the sweep, and what is about a trial `trial` and `arm`. The other fields are those of the
event in the journal, by the same names. The guide on operations has the whole list.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mtl_search.api.progress.base import SweepProgress
from mtl_search.config.secrets import masked
from mtl_search.errors import ConfigError
from mtl_search.storage.events import BaselineScored, Event, TrialEnded, TrialEvent
from mtl_search.storage.records import SweepRecord

if TYPE_CHECKING:
    from mtl_search.api import Result

VARIABLE = "MTL_SEARCH_LOG"
FORMATS = ("text", "json")
# What is not an event of the journal.
OTHER_EVENTS = ("started", "result", "stopped", "error", "log")
# Programs open the folder, parts of which may come from the environment.
_AS_IT_IS = ("folder",)


def choose_format(named: str | None) -> None:
    """Set the format of this process' output.

    Args:
        named: `text` or `json`; None: what MTL_SEARCH_LOG says.

    Raises:
        ConfigError: It is another one.
    """
    chosen = named or os.environ.get(VARIABLE) or FORMATS[0]
    if chosen not in FORMATS:
        where = "--log-format" if named else VARIABLE
        raise ConfigError("not a format of logs", path=where, value=chosen, allowed=FORMATS)
    if named:
        os.environ[VARIABLE] = named
    if is_on():
        _take_over_logging()


def is_on() -> bool:
    """Return whether output is JSON."""
    return os.environ.get(VARIABLE) == "json"


def write(event: str, level: str, values: Mapping[str, Any], time: float | None = None) -> None:
    """Write a line, if output is JSON.

    Args:
        event: What has happened.
        level: `info`, `warning` or `error`.
        values: The other fields.
        time: Unix time in seconds; None: now.
    """
    if is_on():
        print(line(event, level, values, time), file=sys.stderr, flush=True)  # noqa: T201


def line(event: str, level: str, values: Mapping[str, Any], time: float | None = None) -> str:
    """Return a line of the log, without passwords, tokens and values from the environment.

    Examples:
        >>> line("stopped", "warning", {"message": "stopped"}, time=0)
        '{"time": "1970-01-01T00:00:00.000Z", "level": "warning", "event": "stopped", ...}'
    """
    moment = (
        dt.datetime.now(dt.timezone.utc)
        if time is None
        else dt.datetime.fromtimestamp(time, dt.timezone.utc)
    )
    stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    shown = {key: value if key in _AS_IT_IS else _masked(value) for key, value in values.items()}
    return json.dumps({"time": stamp, "level": level, "event": event, **shown})


def _masked(node: Any) -> Any:
    """Return a value as plain JSON types, without secrets in its texts."""
    if isinstance(node, Mapping):
        return {key: _masked(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_masked(value) for value in node]
    return node if node is None or isinstance(node, int | float) else masked(str(node))


def event_line(event: Event, record: SweepRecord) -> str:
    """Return the line of an event of the journal.

    Args:
        event: The event.
        record: The sweep, to which the event has been applied.
    """
    values = event.to_json()
    kind, time = values.pop("event"), values.pop("time")
    values.pop("config", None)  # it is in the sweep's folder
    about: dict[str, Any] = {"sweep": record.name}
    if isinstance(event, TrialEvent):
        trial = values.pop("id")
        about |= {"trial": trial, "arm": values.pop("arm", None) or record.trials[trial].arm}
    return line(kind, _level(event), {**about, **values}, time)


def _level(event: Event) -> str:
    if isinstance(event, TrialEnded) and event.state == "FAIL":
        return "error"
    if isinstance(event, BaselineScored) and event.reason:
        return "warning"
    return "info"


def write_result(result: Result) -> None:
    """Write the last line of a sweep: where it is, and its verdict."""
    if is_on():
        values = {
            "sweep": result.record.name,
            "folder": str(result.directory),
            "complete": result.complete,
            "verdict": result.verdict.sentence(),
        }
        write("result", "info", values)


class JsonProgress(SweepProgress):
    """One line of JSON an event, in place of a display for people."""

    def on_event(self, event: Event, record: SweepRecord) -> None:
        """Write the line of an event."""
        print(event_line(event, record), file=sys.stderr, flush=True)  # noqa: T201


class JsonFormatter(logging.Formatter):
    """Formats what the library and others log."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        values: dict[str, Any] = {"logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[0] is not None:
            values["traceback"] = self.formatException(record.exc_info)
        level = record.levelname.lower()
        return line("log", level, values, record.created)


def _take_over_logging() -> None:
    root = logging.getLogger()
    if any(isinstance(handler.formatter, JsonFormatter) for handler in root.handlers):
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.setLevel(logging.WARNING)
    root.addHandler(handler)
    logging.captureWarnings(capture=True)
