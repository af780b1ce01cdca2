"""The table of what each arm took."""

from __future__ import annotations

from pathlib import Path

from tests.support.recorded_sweeps import Builder, config, whole
from tests.support.reports import report_text


def test_what_is_left_out_to_weigh_an_auxiliary_task_has_its_row(builder: Builder) -> None:
    whole(builder)
    builder.finalist("without/helper", 0, {"left": 0.9})
    assert (
        "final/without/helper"
        in report_text(builder.sweep_record, config()).split("What each arm took")[1]
    )


def test_the_arms_of_many_tasks_share_a_row(tmp_path: Path) -> None:
    tasks = tuple(f"task{number}" for number in range(12))
    builder = whole(Builder(tmp_path / "journal.jsonl", tasks))
    totals = report_text(builder.sweep_record, config(tasks=tasks)).split("What each arm took")[1]
    rows = [line.split() for line in totals.splitlines()]
    # 4 trials a task, each of 3 epochs and 1.5 seconds.
    assert ["single", "(12", "tasks)", "48", "48", "144", "72.0"] in rows
    assert "single/task0" not in totals


def test_twins_have_their_rows(builder: Builder) -> None:
    whole(builder.scales(), twins=True)
    totals = report_text(builder.sweep_record, config()).split("What each arm took")[1]
    assert "final/twin/separate" in totals
    assert "final/twin/weights" in totals


def test_the_selection_floor_stands_beside_the_best_value(builder: Builder) -> None:
    for number in range(5):
        builder.trial("search", number, 0.70 + 0.02 * number)
    for number, val in enumerate((0.7, 0.74)):
        builder.finalist("search", number, dict.fromkeys(builder.tasks, 0.9), val=val)
    totals = report_text(builder.sweep_record, config()).split("What each arm took")[1]
    row = next(line.split() for line in totals.splitlines() if line.split()[:1] == ["search"])
    assert row[-2:] == ["0.7800", "0.0329"]  # the deviation of .0283 times 1.163
    assert "Selection floor: by so much the best" in totals


def test_no_floor_without_seeds(builder: Builder) -> None:
    builder.trial("search", 0, 0.7)
    totals = report_text(builder.sweep_record, config()).split("What each arm took")[1]
    assert "floor" not in totals
