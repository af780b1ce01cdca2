"""The line that goes on with a sweep is one that can work."""

from __future__ import annotations

import shlex
from pathlib import Path

from mtl_search.storage.binding.going_on import how_to_go_on
from mtl_search.storage.records import SweepRecord


def test_the_folder_may_have_any_name() -> None:
    line = how_to_go_on(SweepRecord(), Path("my runs/a#b"))
    assert shlex.split(line) == [
        *("mtl-search", "run", "my runs/a#b/config.yaml"),
        *("--output", "my runs/a#b", "--resume"),
    ]


def test_parts_given_in_python_are_given_again() -> None:
    record = SweepRecord(handed_over=("data", "space"))
    line = how_to_go_on(record, Path("my 'runs'"), trials=9)
    seen: dict[str, object] = {}

    class Package:
        @staticmethod
        def run(*positional: object, **named: object) -> None:
            seen.update(named, positional=positional)

    exec(line, {"mtl_search": Package, "data": 1, "space": 2})  # it is to be run so
    assert seen == {
        "positional": ("my 'runs'/config.yaml", ["search.trials=9"]),
        "output": "my 'runs'",
        "resume": True,
        "data": 1,
        "space": 2,
    }
