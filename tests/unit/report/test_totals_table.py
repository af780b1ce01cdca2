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
    assert ["single", "(12", "tasks)", "48", "144", "72.0"] in rows
    assert "single/task0" not in totals


def test_states_are_shown_where_they_differ(builder: Builder) -> None:
    builder.trial("search", 0, 0.7)
    settings = config()
    totals = report_text(builder.sweep_record, settings).split("What each arm took")[1]
    assert "complete" not in totals
    builder.trial("search", 1, 0.7, state="PRUNED")
    totals = report_text(builder.sweep_record, settings).split("What each arm took")[1]
    row = next(line.split() for line in totals.splitlines() if line.split()[:1] == ["search"])
    assert row[:4] == ["search", "2", "1", "1"]


def test_twins_have_their_rows(builder: Builder) -> None:
    whole(builder.scales(), twins=True)
    totals = report_text(builder.sweep_record, config()).split("What each arm took")[1]
    assert "final/twin/separate" in totals
    assert "final/twin/weights" in totals


def test_random_splits_have_their_rows(tmp_path: Path) -> None:
    tasks = tuple(f"task{number}" for number in range(6))
    builder = whole(Builder(tmp_path / "journal.jsonl", tasks))
    for arm in ("split/search", "split/twin/separate", *(f"split/single/{t}" for t in tasks)):
        builder.trial(arm, 0, 0.9, origin="search-0000")
    totals = report_text(builder.sweep_record, config(tasks=tasks)).split("What each arm took")[1]
    rows = {line.split()[0]: line.split() for line in totals.splitlines() if line.strip()}
    assert rows["split/single"][:4] == ["split/single", "(6", "tasks)", "6"]
    # Nothing is chosen there, so there is no best value and no floor.
    assert rows["split/search"] == ["split/search", "1", "3", "1.5"]
    assert "split/twin/separate" in rows


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


def test_packs_are_told_in_one_line(builder: Builder) -> None:
    builder.trial("search", 0, 0.7)
    assert "pack" not in report_text(builder.sweep_record, config())
    builder.trial("search", 1, 0.7, pack=2)
    builder.trial("search", 2, 0.7, pack=2)
    text = report_text(builder.sweep_record, config())
    assert text.count("2 of 3 trials trained in packs of up to 2.") == 1
