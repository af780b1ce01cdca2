"""What the log of a job says of its sweep, as text or as lines of JSON (MTL_SEARCH_LOG=json)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

Stopped = Literal["in order", "killed", "before it began", "done"]
# What `mtl-search run` prints when it has begun, when it is done, and when it was stopped.
_BEGAN = re.compile(r"^\d+ trials, \d+ at a time: ", re.MULTILINE)
_REPORTED = re.compile(r"^Next: +mtl-search ", re.MULTILINE)
_STOPPED_IN_ORDER = re.compile(r"^Stopped\. Go on with: ", re.MULTILINE)


def how_it_stopped(log: str) -> Stopped:
    """Return how a sweep was stopped.

    Args:
        log: The log of its job.

    Examples:
        >>> how_it_stopped('{"time": "...", "event": "stopped", "resume": "mtl-search submit a"}')
        'in order'
        >>> how_it_stopped("Traceback")
        'before it began'
    """
    events = {line["event"]: line for line in _json_lines(log)}
    if _STOPPED_IN_ORDER.search(log) or "resume" in events.get("stopped", {}):
        return "in order"
    if _REPORTED.search(log) or "result" in events:
        return "done"
    return "killed" if _BEGAN.search(log) or "sweep" in events else "before it began"


def folder_of(sweep: str, log: str) -> str | None:
    """Return the folder of a sweep, or None where the log does not name it.

    Args:
        sweep: The name of the sweep.
        log: The log of its job.

    Examples:
        >>> folder_of("toy", "toy → /shared/runs/toy")
        '/shared/runs/toy'
        >>> folder_of("toy", '{"time": "...", "event": "started", "folder": "/shared/runs/toy"}')
        '/shared/runs/toy'
    """
    for line in _json_lines(log):
        if line["event"] == "started" and str(line.get("folder")).startswith("/"):
            return str(line["folder"])
    printed = re.search(rf"^{re.escape(sweep)} → (/.+)$", log, re.MULTILINE)
    return printed.group(1) if printed else None


def _json_lines(log: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of JSON, among which there may be others."""
    for text in log.splitlines():
        if not text.startswith('{"time": '):
            continue
        try:
            line = json.loads(text)
        except ValueError:  # it was cut short, or another wrote in between
            continue
        if "event" in line:
            yield line
