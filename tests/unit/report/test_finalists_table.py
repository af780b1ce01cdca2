"""The table of what the finalists reached on fresh seeds."""

from __future__ import annotations

from tests.support.recorded_sweeps import TASKS, Builder, config, whole
from tests.support.reports import report_text

PERCENT = {"search.objective": "delta_m"}


def rows_of(printed: str) -> dict[str, list[str]]:
    """The words of each row of the finalists' table, by the first of them."""
    table = printed.split("Finalists on fresh seeds")[1].partition("By task")[0]
    rows = [line.split() for line in table.splitlines() if line.split()]
    return {row[0]: row[1:] for row in rows}


def test_notes_say_which_separate_networks_are_better(builder: Builder) -> None:
    whole(builder.scales())
    words = {0.85: "the tuned ones", 0.99: "those with the settings of the shared one"}
    for val, better in words.items():  # single-task networks have 0.9 on validation
        for _ in range(3):
            number = len(builder.sweep_record.arm("final/twin/separate"))
            scores = dict.fromkeys(TASKS, 0.9)
            builder.finalist("twin/separate", number, scores, val=val, origin="search-0000")
        printed = report_text(builder.sweep_record, config(), 120)
        note = f"✓: the recommended shared network. Of separate networks {better} are better"
        assert note in " ".join(printed.split())


def test_single_task_finalists_share_a_row_with_as_many_seeds_as_each_has(builder: Builder) -> None:
    for task, seeds in zip(TASKS, (2, 2, 3), strict=True):
        for seed in range(seeds):
            builder.finalist(f"single/{task}", seed, {task: 0.8})
    for seed in range(3):
        builder.finalist("search", seed, dict.fromkeys(TASKS, 0.88))
    builder.done()
    rows = rows_of(report_text(builder.sweep_record, config(**PERCENT), 240))
    lead = ["+10.00", "[+10.00,", "+10.00]"]
    values = [cell for _ in TASKS for cell in ("0.8000", "±", "0.0000")]
    origin = ["the", "best", "of", "each", "task"]
    assert rows["single"] == [*lead, "2.00", *values, "3,000", "2–3", *origin]
    values = [cell for _ in TASKS for cell in ("0.8800", "±", "0.0000")]
    ours = ["✓", *lead, "+10.00", "1.00", "left", "+10.00", "1.00"]
    assert rows["search"] == [*ours, *values, "1,500", "3", "search-0000"]


def test_twins_and_ablations_have_rows_and_the_recommended_network_a_mark(
    builder: Builder,
) -> None:
    for seed in range(3):
        scores = {"left": 0.9 + 0.001 * seed, "right": 0.9, "same": 0.9}
        builder.finalist("without/same", seed, scores, origin="search-0000")
    whole(builder.scales(), twins=True)
    rows = rows_of(report_text(builder.sweep_record, config(), 240))
    names = [name for name in rows if name.split("/")[0] in ("single", "equal", "search", "twin")]
    assert names == ["single", "equal", "search", "twin/separate", "twin/weights"]
    assert "without/same" in rows
    assert [name for name, cells in rows.items() if cells[:1] == ["✓"]] == ["search"]
    # An accuracy of 0.9 where a constant prediction has 0.5, and a gain of 0.02.
    assert rows["single"][0].startswith(("0.79", "0.80"))
    assert rows["twin/separate"][0].startswith(("0.79", "0.80"))
    assert rows["search"][1].startswith("0.84")
    assert rows["twin/weights"][1].startswith(("+3.", "+4."))  # the lead over it, in points


def test_equal_weights_may_be_recommended(builder: Builder) -> None:
    whole(builder.scales(), gain=-0.02)
    rows = rows_of(report_text(builder.sweep_record, config(), 240))
    assert rows["equal"][0] == "✓"
    assert rows["search"][0] != "✓"


def test_no_skill_is_shown_where_none_is_known(builder: Builder) -> None:
    whole(builder)
    table = report_text(builder.sweep_record, config(), 240).split("Finalists")[1]
    assert "skill" not in table.split("By task")[0]


def test_no_table_without_finalists(builder: Builder) -> None:
    builder.trial("search", 0, 0.8)
    printed = report_text(builder.sweep_record, config())
    assert "Finalists" not in printed
    assert "By task" not in printed
