"""The table of what the finalists reached on fresh seeds."""

from __future__ import annotations

from tests.support.recorded_sweeps import TASKS, Builder, config
from tests.support.reports import report_text


def test_single_task_finalists_share_a_row_with_as_many_seeds_as_each_has(builder: Builder) -> None:
    for task, seeds in zip(TASKS, (2, 2, 3), strict=True):
        for seed in range(seeds):
            builder.finalist(f"single/{task}", seed, {task: 0.8})
    for seed in range(3):
        builder.finalist("search", seed, dict.fromkeys(TASKS, 0.88))
    builder.done()
    table = report_text(builder.sweep_record, config(), 140).split("Finalists on fresh seeds")[1]
    rows = [line.split() for line in table.split("What each arm took")[0].splitlines()]
    single = next(row for row in rows if row[:1] == ["single"])
    search = next(row for row in rows if row[:1] == ["search"])
    values = [cell for _ in TASKS for cell in ("0.8000", "±", "0.0000")]
    assert single == ["single", *values, "3,000", "2–3", "the", "best", "of", "each", "task"]
    values = [cell for _ in TASKS for cell in ("0.8800", "±", "0.0000")]
    assert search == ["search", "+10.00", "±", "0.00", *values, "1,500", "3", "search-0000"]


def test_no_table_without_finalists(builder: Builder) -> None:
    builder.trial("search", 0, 0.8)
    assert "Finalists" not in report_text(builder.sweep_record, config())
