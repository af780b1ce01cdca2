"""Members of a population: they pause and go on, and take over another's network with their own settings."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search.config import Config, override
from mtl_search.errors import DiskFullError
from mtl_search.storage.trial_directory import Place
from mtl_search.training import checkpoint
from mtl_search.training.exploit import take_over
from mtl_search.training.optimizers import SCHEDULES, build_optimizer, build_schedule
from mtl_search.training.runner import Runner
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import Report
from tests.unit.training import trials
from tests.unit.training.trials import assert_same_weights, told, train, weights_of

EPOCHS = 6
SCHEDULE_CASES: dict[str, dict[str, Any]] = {
    "cosine": {"eta_min": 1e-3},
    "linear": {"start_factor": 0.5},
    "step": {"step_size": 2},
    "multistep": {"milestones": [1, 4], "gamma": 0.5},
    "exponential": {"gamma": 0.7},
}
assert SCHEDULE_CASES.keys() == set(SCHEDULES)
CASES = [None, {"name": "cosine", "warmup_epochs": 3}, *({"name": n, **a} for n, a in SCHEDULE_CASES.items())]
NAMES = ["none", "warm-up", *SCHEDULE_CASES]


def settings(schedule: Any = None, lr: float = 0.05, **changes: Any) -> Config:
    optimizer = {"name": "adamw", "lr": lr, "weight_decay": 0.01}
    made = trials.config(epochs=EPOCHS, optimizer=optimizer, schedule=schedule, checkpoint_every_s=1000)
    return override(made, {"model.backbone.dropout": 0.3, **changes})


def spec(config: Config, directory: Path, until: int | None, *, seed: int = 3, storage: str = "") -> TrialSpec:
    made = trials.spec(config, directory, seed=seed)
    return dataclasses.replace(made, until=until, storage=storage)


def member(config: Config, directory: Path, until: int | None, **options: Any) -> Trainer:
    return Trainer(spec(config, directory, until, **options), trials.data(), trials.CPU)


def rates(made: Trainer) -> list[float]:
    return [group["lr"] for group in made.optimizer.param_groups]


@pytest.mark.parametrize("schedule", CASES, ids=NAMES)
def test_pauses_change_nothing_to_the_last_bit(schedule: Any, tmp_path: Path) -> None:
    config = settings(schedule)
    whole = member(config, tmp_path / "whole", None)
    expected = [told(report) for report in train(whole)]
    reports: list[Report] = []
    for until in (2, 3, EPOCHS):
        made = member(config, tmp_path / "parts", until)
        reports += train(made)
        assert reports[-1].state == ("COMPLETE" if until == EPOCHS else "PAUSED")
        assert reports[-1].epoch == until
    assert [told(report) for report in reports] == expected
    assert_same_weights(weights_of(made), weights_of(whole))


def test_a_member_that_is_where_it_pauses_says_so_at_once(tmp_path: Path) -> None:
    first = train(member(settings(), tmp_path, 2))[-1]
    again = member(settings(), tmp_path, 2)
    before = weights_of(again)
    report = again.run_epoch()
    assert (report.state, report.epoch, report.metrics) == ("PAUSED", 2, first.metrics)
    assert_same_weights(weights_of(again), before)


def test_a_runner_goes_no_further_than_the_pause(tmp_path: Path) -> None:
    runner = Runner(trials.data(), device=trials.CPU)
    for until, states in ((2, ["RUNNING", "PAUSED"]), (4, ["RUNNING", "RUNNING", "RUNNING", "PAUSED"])):
        runner.begin(TrialSpec.from_json(spec(settings(), tmp_path, until).to_json()))
        reports = [runner.run_until(epoch) for epoch in range(1, until + 1)]
        # What was trained before is told by its last epoch, as to a slot that asks for one after the other.
        assert [report.epoch for report in reports] == [max(epoch, until - 2) for epoch in range(1, until + 1)][:until]
        assert [report.state for report in reports] == states
        assert runner.run_until(until + 3).state == "PAUSED"
        assert reports[-1].to_result()["done"]


def test_a_member_that_stops_early_ends(tmp_path: Path) -> None:
    config = settings(**{"training.early_stopping": {"patience": 1}, "training.optimizer.lr": 0.0})
    reports = train(member(config, tmp_path, 2))
    assert [report.state for report in reports] == ["RUNNING", "COMPLETE"]
    # The driver died before it wrote that down, and saw a member that had paused.
    assert train(member(config, tmp_path, 4)) == reports[-1:]


def _pair(folder: Path, schedule: Any = None, **options: Any) -> tuple[Trainer, Trainer]:
    """Two members after two epochs: another seed, another learning rate."""
    made = []
    for seed, lr in ((3, 0.05), (4, 0.001)):
        storage = f"{options['storage']}/{seed}" if options else ""
        made.append(member(settings(schedule, lr), folder / str(seed), 2, seed=seed, storage=storage))
        train(made[-1])
    return made[0], made[1]


@pytest.mark.parametrize("schedule", CASES, ids=NAMES)
def test_after_an_exchange_the_members_own_settings_hold(schedule: Any, tmp_path: Path) -> None:
    donor, loser = _pair(tmp_path, schedule)
    changes = {"training.optimizer.weight_decay": 0.3, "training.lr_factors.backbone": 0.5}
    config = settings(schedule, 0.004, **changes)
    take_over(donor.place, loser.place)
    goes_on = member(config, tmp_path / "4", EPOCHS, seed=4)
    alone = member(config, tmp_path / "new", EPOCHS, seed=4)
    for epoch in range(2, EPOCHS):
        if epoch == 2:
            assert_same_weights(weights_of(goes_on), weights_of(donor))
            optimizer = build_optimizer(config.training.optimizer, [torch.nn.Parameter(torch.zeros(1))])
            plain = build_schedule(config.training.schedule, optimizer, EPOCHS)
            for _ in range(2):
                optimizer.step()
                if plain is not None:
                    plain.step()
            assert rates(goes_on)[1] == optimizer.param_groups[0]["lr"]
            for _ in range(2):
                alone.run_epoch()
        assert rates(goes_on) == rates(alone)
        assert rates(goes_on)[0] != rates(goes_on)[1]
        assert {group["weight_decay"] for group in goes_on.optimizer.param_groups} == {0.3}
        assert goes_on.run_epoch().epoch == alone.run_epoch().epoch == epoch + 1
    assert goes_on.progress.epoch == EPOCHS


@pytest.mark.parametrize("stored", [False, True])
def test_what_a_member_takes_over_and_what_it_keeps(tmp_path: Path, *, stored: bool) -> None:
    donor, loser = _pair(tmp_path, **({"storage": str(tmp_path / "storage")} if stored else {}))
    own = {seed: Place(tmp_path / seed, loser.place._uri and str(tmp_path / "storage" / seed)) for seed in ("3", "4")}
    for _ in range(2):  # done again, it changes nothing
        take_over(own["3"], own["4"])
        fresh = Place(tmp_path / "4", own["4"]._uri)
        assert checkpoint.exists(fresh)
        progress = json.loads(fresh.read("last", "progress.json"))
        assert progress == dataclasses.asdict(loser.progress)
        best = json.loads(fresh.read("best", "model.json"))
        assert best["seed"] == 4
        theirs, kept = (torch.load(place.folder / "last" / "optimizer.pt") for place in (donor.place, fresh))
        before = torch.load(loser.place.folder / "last" / "optimizer.pt") if stored else None
        for parameter, state in theirs["optimizer"]["state"].items():
            for name, value in state.items():
                assert torch.equal(kept["optimizer"]["state"][parameter][name], value)
        assert not torch.equal(kept["random"][0], theirs["random"][0])
        if before is not None:  # what this node's folder held before
            assert torch.equal(kept["random"][0], before["random"][0])


def test_a_lost_checkpoint_is_named(tmp_path: Path) -> None:
    donor, loser = _pair(tmp_path)
    shutil.rmtree(tmp_path / "3" / "last")
    with pytest.raises(FileNotFoundError, match="3 holds no checkpoint"):
        take_over(donor.place, loser.place)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_says_so_in_an_exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    donor, taker = _pair(tmp_path)
    network = taker.place.folder / "last" / "model.safetensors"
    before = network.read_bytes()
    opened = Path.open

    def full(self: Path, *arguments: Any, **options: Any) -> Any:
        is_new = self.name == "optimizer.pt" and self.parent.name == "last.new"
        return opened(Path("/dev/full") if is_new else self, *arguments, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(DiskFullError, match="no room"):
        take_over(donor.place, taker.place)
    assert network.read_bytes() == before


def test_members_that_exchange_have_the_same_groups_whatever_their_factors_are(tmp_path: Path) -> None:
    donor, loser = _pair(tmp_path)
    take_over(donor.place, loser.place)
    other = settings(**{"training.lr_factors.heads": 3.0})
    assert len(member(other, tmp_path / "4", 4).optimizer.param_groups) == len(donor.optimizer.param_groups) > 1
