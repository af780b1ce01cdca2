"""The parts that the benchmark of the start-up prints add up, and name what there is."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from tests.benchmarks.startup_parts import marks
from tests.benchmarks.startup_parts.imports import sum_by_package
from tests.benchmarks.startup_parts.slots import slot_seconds


def test_all_that_is_timed_is_there() -> None:
    """A function that has another name now would be missing in the table, and nobody would see."""
    for module, functions in marks.FUNCTIONS.items():
        for path in functions:
            found = importlib.import_module(module)
            for name in path.split("."):
                found = getattr(found, name)
            assert callable(found)


def test_the_seconds_of_a_slot_add_up(tmp_path: Path) -> None:
    events = [
        {"event": "sweep", "slots": 2, "time": 0.0},
        {"event": "trial", "id": "a", "time": 1.0},
        {"event": "trial", "id": "b", "time": 1.0},
        {"event": "epoch", "id": "a", "time": 4.0, "seconds": 1.0},
        {"event": "epoch", "id": "a", "time": 5.5, "seconds": 2.0},
        {"event": "end", "id": "a", "time": 6.0},
        {"event": "epoch", "id": "b", "time": 6.0, "seconds": 2.0},
        {"event": "end", "id": "b", "time": 6.0},
        {"event": "trial", "id": "c", "time": 7.0},
        {"event": "epoch", "id": "c", "time": 9.0, "seconds": 1.0},
        {"event": "end", "id": "c", "time": 9.0},
    ]
    journal = tmp_path / "journal.jsonl"
    journal.write_text("\n".join(map(json.dumps, events)))
    found = slot_seconds(journal)
    assert (found.first, found.last, found.training) == (3.0, 9.0, 2.5)
    assert found.parts == {
        "training": 2.5,
        "a trial's set-up": 1.0,  # a and b began at 3 and 4, and the clock starts at 3
        "between epochs": 0.25,
        "after the last epoch": 0.25,
        "no trial": 2.0,
    }
    assert sum(found.parts.values()) == pytest.approx(found.last - found.first)


def test_modules_count_for_their_package() -> None:
    text = "import time:       100 |        300 |   torch.nn\nimport time: 50 | 350 | torch\nhello"
    assert sum_by_package(text) == pytest.approx({"torch": 0.00015})
