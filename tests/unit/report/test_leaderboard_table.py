"""The table of the best trials of each arm."""

from __future__ import annotations

from mtl_search.analysis.leaderboard import leaderboard
from tests.support.recorded_sweeps import TASKS, Builder, config, whole
from tests.support.reports import report_text


def test_a_leaderboard_of_three_tasks_shows_all_at_120_columns(builder: Builder) -> None:
    whole(builder)
    printed = report_text(builder.sweep_record, config(), 120)
    header = " ".join(printed.splitlines()[:5])
    for name in (
        "left",
        "right",
        "same",
        "accuracy",
        "Δm %",
        "depth",
        "weights",
        "lr",
        "params",
        "seconds",
    ):
        assert name in header
    assert "Sharing helps" in printed
    assert "mtl-search ui runs/demo" in printed


def test_columns_that_do_not_fit_stand_below(builder: Builder) -> None:
    whole(builder)
    board = report_text(builder.sweep_record, config(), 80).split("Finalists")[0]
    assert max(map(len, board.splitlines())) <= 80
    for name in (
        "left",
        "right",
        "same",
        "Δm %",
        "depth",
        "weights",
        "state",
        "lr",
        "params",
        "epochs",
        "seconds",
    ):
        assert name in board
    assert board.count("\n trial ") == 2  # both parts name their rows
    assert "hidden" not in board


def test_weights_of_an_adaptive_trial_are_those_that_it_logged(builder: Builder) -> None:
    trial = builder.begin("search", 0, adaptive=True, balancing="uw")
    for epoch, left in enumerate((1.0, 2.0), start=1):
        logged = {"train/weight/left": left, "train/weight/right": 0.5, "train/weight/same": 0.5}
        builder.epoch(trial, epoch, 0.1, dict.fromkeys(TASKS, 0.9), **logged)
    builder.end(trial)
    builder.trial("search", 1, 0.8, adaptive=True, balancing="pcd")  # it logs none
    rows = leaderboard(builder.sweep_record, config()).set_index("trial")
    assert rows.loc["search-0000", "weight/left"] == 1.5
    assert rows.loc["search-0000", "balancing"] == "uw"
    assert rows.loc["search-0001", "weight/left"] == 1.0  # the loss weight
    board = report_text(builder.sweep_record, config())
    assert "1.50:0.50:0.50" in board
    assert "balancing" in board
    assert "pcd" in board


def test_no_column_for_balancing_where_all_is_static(builder: Builder) -> None:
    assert "balancing" not in report_text(whole(builder).sweep_record, config())
