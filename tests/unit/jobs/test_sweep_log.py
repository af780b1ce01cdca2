"""What a job's log says of its sweep is read from both of its forms."""

from __future__ import annotations

import pytest

from mtl_search.cli import json_log
from mtl_search.jobs.sweep_log import folder_of, how_it_stopped

_BEGUN = json_log.line("sweep", "info", {"sweep": "toy", "id": "1"})
_STARTED = json_log.line("started", "info", {"sweep": "toy", "folder": "/x/toy 1"})


@pytest.mark.parametrize(
    ("last", "how"),
    [
        (json_log.line("stopped", "warning", {"resume": "mtl-search submit a"}), "in order"),
        ('{"time": "2026-11-27T00:0', "killed"),
        (json_log.line("result", "info", {"folder": "/x/toy", "complete": True}), "done"),
    ],
)
def test_how_a_sweep_was_stopped_with_a_log_of_json(last: str, how: str) -> None:
    assert how_it_stopped(f"noise\n{_STARTED}\n{_BEGUN}\n{last}\n") == how


@pytest.mark.parametrize(
    "log",
    [
        "noise",
        _STARTED,
        f"{_STARTED}\n{json_log.line('stopped', 'warning', {'message': 'before'})}",
        json_log.line("log", "warning", {"message": '{"event": "stopped"}'}),
        '{"time": 3}',
    ],
)
def test_a_sweep_that_has_not_begun(log: str) -> None:
    assert how_it_stopped(log) == "before it began"


def test_the_folder_of_a_sweep() -> None:
    assert folder_of("toy", f"noise\n{_STARTED}\n") == "/x/toy 1"
    assert folder_of("toy", "noise\ntoy → /x/toy 1\n8 trials") == "/x/toy 1"
    assert folder_of("toy", f"{_BEGUN}\nother → /x/other") is None
