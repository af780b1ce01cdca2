"""The record of one trial, from events."""

from __future__ import annotations

from pathlib import Path

from mtl_search.storage.journal import read_record
from tests.support.recorded_sweeps import Builder


def test_an_epoch_that_is_reported_again_replaces_it_and_what_came_after(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    trial = builder.begin("search", 0)
    for epoch, value in ((1, 0.1), (2, 0.2), (3, 0.3), (2, 0.25)):
        builder.epoch(trial, epoch, value, {"left": value})
    record = builder.sweep_record.trials[trial]
    assert [(e.epoch, e.best_objective) for e in record.epochs] == [(1, 0.1), (2, 0.25)]
    assert record.seconds == 1.0


def test_the_best_epoch_is_the_first_of_those_that_tie(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    trial = builder.begin("search", 0)
    record = builder.sweep_record.trials[trial]
    assert record.best is None
    assert record.objective is None
    for epoch, value in ((1, 0.1), (2, 0.7), (3, 0.7), (4, 0.5)):
        builder.epoch(trial, epoch, value, {})
    assert record.best is not None
    assert (record.best.epoch, record.objective) == (2, 0.7)


def test_a_trial_runs_until_it_ends(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    trial = builder.begin("final/search", 2, parameters=7)
    record = builder.sweep_record.trials[trial]
    assert (record.finished, record.is_finalist, record.info["parameters"]) == (False, True, 7)
    builder.end(trial, "FAIL", "why")
    assert (record.finished, record.state, record.reason) == (True, "FAIL", "why")
    assert record.ended > record.started > 0


def test_a_member_of_a_population_knows_what_it_trained_each_epoch_with(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    trial = builder.begin("search", 0, role="member")
    builder.begin("search", 1, role="member")
    first = builder.sweep_record.trials[trial].params
    for epoch, lr in ((2, 0.1), (4, 0.2)):
        values = {"training.optimizer.lr": lr}
        builder.event(
            "perturb", id=trial, epoch=epoch, donor="search-0001", params=values, overrides=values
        )
        builder.event("generation", arm="search", epoch=epoch)
    record = read_record(builder.path).trials[trial]
    rates = [record.params_at(epoch)["training.optimizer.lr"] for epoch in range(1, 7)]
    assert rates == [first["training.optimizer.lr"]] * 2 + [0.1] * 2 + [0.2] * 2
    assert record.overrides_at(2)["model.sharing.depth"] == 2
    assert record.overrides_at(3) == {"training.optimizer.lr": 0.1}
    assert record.overrides == {"training.optimizer.lr": 0.2}
    assert [perturb.donor for perturb in record.exploits] == ["search-0001"] * 2
    assert builder.sweep_record.generations == {"search": 4}


def test_a_trial_on_another_partition_is_no_trial_of_the_search(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    fields = {"params": {}, "distributions": {}, "overrides": {}, "seed": 1}
    builder.event("trial", id="split-equal-0000", arm="split/equal", number=0, split=3, **fields)
    builder.event("trial", id="equal-0000", arm="equal", number=0, **fields)
    for record in (builder.sweep_record, read_record(builder.path)):
        other, own = record.trials["split-equal-0000"], record.trials["equal-0000"]
        assert (other.split, other.is_finalist, other.is_sampled) == (3, True, False)
        assert (own.split, own.is_finalist, own.is_sampled) == (0, False, True)
