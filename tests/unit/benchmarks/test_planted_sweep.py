"""A planted set goes through the product's own protocol, and what is true of it is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.benchmarks import command_line, planted
from tests.benchmarks.command_line import append_line
from tests.benchmarks.planted_sets.outcome import (
    Job,
    Outcome,
    code_digest,
    read_outcomes,
    run_job,
)
from tests.benchmarks.planted_sets.protocol import run_sweep
from tests.benchmarks.planted_sets.rows import ROWS
from tests.benchmarks.planted_sets.truth import difference, welch

SMALL = ("search.trials=3", "training.epochs=2", "search.finalists.seeds=2")


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return run_job(Job("few", 1, 3, SMALL, "code"))


def test_a_sweep_is_told_with_its_truth(outcome: Outcome) -> None:
    assert set(outcome.skills) == {"recommended", "equal", "single", "twin"}
    assert set(outcome.loss_weights) == {"t0", "auxiliary"}
    assert outcome.epochs == 2 * outcome.trials > 0
    assert 0 < outcome.training_seconds < outcome.seconds
    gap = outcome.skills["recommended"] - outcome.skills["single"]
    assert outcome.gains["single"].mean == pytest.approx(gap)
    assert set(outcome.differences) == set(outcome.intervals) >= {"single"}


def test_a_sweep_is_the_same_again(outcome: Outcome) -> None:
    again = run_job(outcome.job)
    assert again.gains == outcome.gains
    assert again.intervals == outcome.intervals


def test_networks_that_share_nothing_are_their_own_twins() -> None:
    outcome = run_job(Job("null2", 0, 3, SMALL, "code"))
    twin = outcome.gains["twin"]
    assert (twin.mean, twin.low, twin.high) == (0, 0, 0)
    assert not outcome.truly_helps
    assert not outcome.truly_hurts


def test_a_scheduler_is_refused() -> None:
    with pytest.raises(ValueError, match="must be fifo"):
        run_sweep(ROWS["few"].draw(0, ["search.scheduler=asha"]))


def test_outcomes_survive_an_interruption(outcome: Outcome, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "planted.jsonl"
    assert read_outcomes(path) == []
    append_line(path, outcome.to_json())
    other = path.read_bytes().replace(b'"trials"', b'"attempts"')
    path.write_bytes(path.read_bytes() + other + other[:50])
    assert read_outcomes(path) == [outcome]
    append_line(path, outcome.to_json())
    assert read_outcomes(path) == [outcome, outcome]


def test_a_command_goes_on_where_it_ended(
    outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    options = ["--seeds", "1-2", "--rows", "few,related", "--further", "3"]
    arguments = planted._arguments([*options, *(f"--set={text}" for text in SMALL)])
    jobs = planted.planned_jobs(arguments)
    assert [(job.row, job.seed) for job in jobs] == [
        ("few", 1), ("related", 1), ("few", 2), ("related", 2),
    ]  # fmt: skip
    assert jobs[0] == Job("few", 1, 3, SMALL, code_digest())
    results, table = tmp_path / "planted.jsonl", tmp_path / "planted.md"
    for job in jobs:
        append_line(results, replace(outcome, job=job).to_json())
    append_line(results, outcome.to_json())  # of other code
    files = ["--results", str(results), "--out", str(table)]
    monkeypatch.setattr("sys.argv", ["planted", *options, *files, *(f"--set={s}" for s in SMALL)])
    planted.main()
    assert "4 of 4 sweeps are in" in capsys.readouterr().out
    assert "`few` few labels" in table.read_text(encoding="utf-8")


class _Inline(ThreadPoolExecutor):
    """A pool in this process."""

    def __init__(self, processes: int, mp_context: object) -> None:
        super().__init__(processes)


def test_a_sweep_that_fails_does_not_end_the_others(
    outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def run(job: Job) -> Outcome:
        if job.seed == 1:
            raise ValueError("no such luck")
        return replace(outcome, job=job)

    for name in command_line._THREADS:
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr(command_line, "ProcessPoolExecutor", _Inline)
    monkeypatch.setattr(planted, "run_job", run)
    results = tmp_path / "planted.jsonl"
    options = ["--sets", "3", "--rows", "few", "--results", str(results)]
    monkeypatch.setattr("sys.argv", ["planted", *options])
    with pytest.raises(SystemExit, match="1 sweeps failed"):
        planted.main()
    assert "few 1: FAILED, ValueError: no such luck" in capsys.readouterr().out
    assert [o.job.seed for o in read_outcomes(results)] == [0, 2]


@pytest.mark.parametrize("option", ["--rows=null3", "--seeds=a"])
def test_a_mistake_on_the_command_line_is_told(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        planted._arguments([option])
    assert option.split("=", maxsplit=1)[0] in capsys.readouterr().err


def test_the_help_names_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        planted._arguments(["--help"])
    text = capsys.readouterr().out
    assert [row.title for row in ROWS.values() if row.title not in text] == []


def test_welch_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0.1, 1, 20), rng.normal(0, 3, 7)
    value = welch(ours, theirs)
    expected = stats.ttest_ind(ours, theirs, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert (value.low, value.high) == pytest.approx((interval.low, interval.high))
    assert value.p_value == pytest.approx(expected.pvalue)


def test_differences_in_both_measures() -> None:
    ours_ST = np.array([[0.6, 0.3], [0.8, 0.5]])
    theirs_ST = np.array([[0.5, -3.0], [0.5, -1.0]])
    assert difference(ours_ST, theirs_ST, "skill").mean == pytest.approx(0.55 - (0.5 - 1) / 2)
    relative = ((0.7 - 0.5) / 0.5 + (0.4 + 2) / 2) / 2
    assert difference(ours_ST, theirs_ST, "delta_m").mean == pytest.approx(relative)
