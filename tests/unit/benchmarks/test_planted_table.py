"""The table counts what it says, and goals are met or missed by their limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.benchmarks.planted_sets import figures, table
from tests.benchmarks.planted_sets.outcome import Job, Outcome
from tests.benchmarks.planted_sets.protocol import Interval
from tests.benchmarks.planted_sets.truth import Difference

GAIN = Difference(0.1, 0.05, 0.15, 0.001)
LOSS = Difference(-0.1, -0.2, -0.01, 0.04)
NOTHING = Difference(0.0, -0.1, 0.1, 1.0)


def outcome(
    row: str = "related",
    sharing: str = "sharing helps",
    single: Difference = GAIN,
    twin: Difference = GAIN,
    equal: Difference = NOTHING,
) -> Outcome:
    return Outcome(
        job=Job(row, 0, 20, (), "code"),
        sharing=sharing,
        weights="weights help",
        intervals={"single": Interval(0.2, 0.1, 0.3)},
        differences={"single": single},
        gains={"single": single, "twin": twin, "equal": equal},
        skills=dict.fromkeys(table.NETWORKS, 0.5),
        depth=2,
        loss_weights={"t0": 2.0, "t1": 1.0},
        trials=70,
        epochs=1050,
        training_seconds=1.0,
        seconds=1.5,
    )


def test_true_where_both_comparisons_say_so() -> None:
    assert outcome().truly_helps
    assert not outcome(twin=NOTHING).truly_helps
    assert not outcome(single=NOTHING).truly_helps
    assert outcome(single=LOSS, twin=LOSS).truly_hurts
    assert not outcome(single=LOSS, twin=NOTHING).truly_hurts


@pytest.mark.parametrize(("false", "met"), [(0, True), (1, True), (2, False)])
def test_false_helps_at_most_one_of_twenty(false: int, met: bool) -> None:
    said = [outcome(twin=NOTHING)] * false + [outcome()] * (20 - false)
    figure = figures.false_helps(said)
    assert (figure.count, figure.total, figure.met) == (false, 20, met)


def test_helps_is_never_true_where_nothing_is_shared() -> None:
    assert figures.false_helps([outcome("null2")]).count == 1
    assert figures.found([outcome("null2")]).total == 0


def test_no_false_helps_at_all_for_small_losses() -> None:
    said = [outcome("easy4", single=NOTHING)] + [outcome("easy4", sharing="don't know")] * 39
    assert str(figures.false_helps(said)) == "1 of 40 (≤ 0 %: MISSED)"


def test_found_counts_among_the_true_ones() -> None:
    said = [outcome()] * 9 + [outcome(sharing="don't know")] + [outcome(twin=NOTHING)] * 5
    assert str(figures.found(said)) == "9 of 10 (≥ 90 %: met)"
    assert str(figures.found(said[1:])) == "8 of 9 (≥ 90 %: MISSED)"
    assert str(figures.found([])) == "–"


def test_covered_where_the_interval_holds_the_truth() -> None:
    inside = outcome(single=GAIN)
    outside = outcome(single=replace(GAIN, mean=0.31))
    assert str(figures.covered([inside, outside], "single")) == "1 of 2 (≥ 93 %: MISSED)"
    assert str(figures.covered([inside], "single")) == "1 of 1 (≥ 93 %: met)"
    assert str(figures.covered([inside], "twin")) == "–"


def test_behind_equal_more_often_than_by_chance() -> None:
    clear = replace(LOSS, p_value=1e-4)
    assert str(figures.behind_equal([outcome(equal=LOSS), outcome()])) == (
        "1 of 2 (none by Holm: met)"
    )
    assert str(figures.behind_equal([outcome(equal=clear)] * 2 + [outcome()])) == (
        "2 of 3 (none by Holm: MISSED)"
    )
    assert figures.behind_equal([outcome(equal=replace(GAIN, p_value=1e-9))]).met


def test_false_hurts_where_a_comparison_shows_no_loss() -> None:
    said = [outcome(sharing="sharing hurts"), outcome(sharing="sharing hurts", single=LOSS)]
    said.append(outcome(sharing="sharing hurts", single=LOSS, twin=LOSS))
    assert str(figures.false_hurts(said)) == "2 of 3"


def test_the_tables_hold_a_line_for_each_kind_that_was_run_and_one_for_all() -> None:
    said = [outcome(), outcome(sharing="don't know"), outcome("null2", twin=NOTHING)]
    text = table.render(said)
    related = [line for line in text.splitlines() if line.startswith("| `related`")]
    assert len(related) == 3
    assert "don't know 1, helps 1" in related[0]
    assert "2 / 0" in related[0]
    assert "50.0 / 50.0 / 50.0 / 50.0" in related[1]
    assert "| 0.50 |" in related[1]
    assert "| 70 | 1050 | 1.5 | 1.0 |" in related[2]
    (everything,) = [line for line in text.splitlines() if line.startswith("| all")]
    assert "| 3 | 2 / 0 |" in everything
    assert "1 of 3 (≤ 5 %: MISSED)" in everything
    assert "`few`" not in text
    assert "20 further seeds" in text
    columns = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert len(columns) == 3
