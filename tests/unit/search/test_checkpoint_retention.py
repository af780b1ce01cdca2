"""What a sweep keeps of its trials: in its own folder, and by way of a storage."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from mtl_search.config import override
from mtl_search.errors import ConfigError
from mtl_search.search import checkpoint_retention
from mtl_search.storage import item_values, sweep_directory
from mtl_search.storage.events import (
    EpochEnded,
    ObjectivesRecomputed,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from mtl_search.storage.journal import Journal, read_record
from mtl_search.storage.remote import RemoteStorage, check_storage
from mtl_search.storage.trial_directory import trial_storage
from mtl_search.storage.trial_info import Role
from tests.support import small_sweeps as small

_OBJECTIVES = {
    "search-0000": 0.5,
    "search-0001": 0.4,
    "search-0002": 0.7,
    "final-search-0000": 0.1,
    "split-search-0000": 0.9,
}
_ITEMS = {"left/accuracy": np.array([1.0, 0.0])}


def _begin(
    journal: Journal, name: str, number: int, *, arm: str = "search", role: Role = ""
) -> None:
    journal.write(
        TrialStarted(
            id=name,
            arm=arm,
            number=number,
            params={},
            distributions={},
            overrides={},
            seed=0,
            role=role,
        )
    )


def _run(folder: Path, storage: str | None) -> None:
    """Five trials one after another, each of which leaves two parts where its node puts them."""
    config = override(small.config(), {"resources.storage": storage})
    journal = Journal(
        folder / "journal.jsonl", [checkpoint_retention.CheckpointRetention(folder, config)]
    )
    journal.write(SweepStarted(id="0123456789ab", name="small", slots=1, budget={}))
    for number, (name, objective) in enumerate(_OBJECTIVES.items()):
        arm = name.rpartition("-")[0].replace("-", "/")
        _begin(journal, name, number, arm=arm)
        uri = trial_storage(config, journal.record, name)
        for part in ("last", "best"):
            own = folder / ("node" if uri else "trials") / name / part
            own.mkdir(parents=True)
            (own / "model.safetensors").write_text(name)
            if uri:
                RemoteStorage(uri).put(own, part)
        journal.write(EpochEnded(id=name, epoch=1, metrics={}, objective=objective, seconds=1.0))
        if arm == "final/search":
            item_values.write(folder, name, item_values.encode(_ITEMS))
        journal.write(TrialEnded(id=name, state="COMPLETE", reason=""))
    journal.close()


@pytest.mark.parametrize("stored", [False, True])
def test_item_values_of_a_finalist_stay_over_sessions(tmp_path: Path, *, stored: bool) -> None:
    home, storage = tmp_path / "sweep", str(tmp_path / "storage") if stored else None
    _run(home, storage)
    config = override(small.config(), {"resources.storage": storage})
    keeper = checkpoint_retention.CheckpointRetention(home, config)
    keeper.clean_up_finished(read_record(home / "journal.jsonl"))
    assert item_values.read(home, "final-search-0000")["left/accuracy"].tolist() == [1, 0]
    sweep_directory.forget_checkpoints(home, "final-search-0000", best=True)
    assert _kept(home) == ["final-search-0000/test_items.npz", "search-0002/best"]


@pytest.mark.parametrize("stored", [False, True])
def test_the_best_of_an_arm_and_finalists_are_kept(tmp_path: Path, *, stored: bool) -> None:
    storage = tmp_path / "storage"
    _run(tmp_path / "sweep", str(storage) if stored else None)
    folders = (tmp_path / "sweep" / "trials").glob("*/*/")
    kept = {path.parent.name: path.name for path in folders}
    assert kept == {"search-0002": "best", "final-search-0000": "best"}
    for name in kept:
        assert (
            tmp_path / "sweep" / "trials" / name / "best" / "model.safetensors"
        ).read_text() == name
    if stored:
        assert not list((storage / "small-0123456789ab").iterdir())


def _end(
    journal: Journal, folder: Path, number: int, objective: float, *, seen: bool = True
) -> None:
    """A trial of the search arm that ends with a network."""
    name = f"search-{number:04d}"
    if name not in journal.record.trials:
        _begin(journal, name, number)
    for part in ("last", "best"):
        (folder / "trials" / name / part).mkdir(parents=True, exist_ok=True)
    journal.write(EpochEnded(id=name, epoch=1, metrics={}, objective=objective, seconds=1.0))
    if seen:
        journal.write(TrialEnded(id=name, state="COMPLETE", reason=""))


def _kept(folder: Path) -> list[str]:
    return sorted("/".join(path.parts[-2:]) for path in (folder / "trials").glob("*/*"))


def test_of_two_alike_the_one_that_began_first_is_kept(tmp_path: Path) -> None:
    journal = Journal(
        tmp_path / "journal.jsonl",
        [checkpoint_retention.CheckpointRetention(tmp_path, small.config())],
    )
    journal.write(SweepStarted(id="0123456789ab", name="small", slots=2, budget={}))
    _end(journal, tmp_path, 0, 0.5, seen=False)
    _end(journal, tmp_path, 1, 0.5)
    journal.write(TrialEnded(id="search-0000", state="COMPLETE", reason=""))
    journal.close()
    assert _kept(tmp_path) == ["search-0000/best"]
    assert max(journal.record, key=lambda trial: trial.best_objective).id == "search-0000"


def test_a_network_that_was_let_go_does_not_cost_the_next_best(tmp_path: Path) -> None:
    """After an extension the best may be a trial that was not the best when it ended."""
    journal = Journal(
        tmp_path / "journal.jsonl",
        [checkpoint_retention.CheckpointRetention(tmp_path, small.config())],
    )
    journal.write(SweepStarted(id="0123456789ab", name="small", slots=1, budget={}))
    _end(journal, tmp_path, 0, 0.5)
    _end(journal, tmp_path, 1, 0.6)
    journal.write(ObjectivesRecomputed(id="search-0000", objectives=[(1, 0.9)]))
    journal.close()
    again = Journal(
        tmp_path / "journal.jsonl",
        [checkpoint_retention.CheckpointRetention(tmp_path, small.config())],
    )
    _end(again, tmp_path, 2, 0.7)
    again.close()
    assert _kept(tmp_path) == ["search-0002/best"]


@pytest.mark.parametrize("stored", [False, True])
def test_what_a_killed_driver_left_is_done_by_the_next(tmp_path: Path, *, stored: bool) -> None:
    """It wrote the end of each trial, and got no further."""
    home, config = (
        tmp_path / "sweep",
        override(
            small.config(), {"resources.storage": str(tmp_path / "storage") if stored else None}
        ),
    )
    journal = Journal(home / "journal.jsonl")
    journal.write(SweepStarted(id="0123456789ab", name="small", slots=1, budget={}))
    for number, objective in enumerate((0.5, 0.7, 0.6)):
        _end(journal, home, number, objective)
        name = f"search-{number:04d}"
        if stored:
            for part in ("last", "best"):
                (home / "trials" / name / part / "model.safetensors").write_text(name)
                RemoteStorage(trial_storage(config, journal.record, name)).put(
                    home / "trials" / name / part, part
                )
            shutil.rmtree(home / "trials")
    journal.close()
    keeper = checkpoint_retention.CheckpointRetention(home, config)
    keeper.clean_up_finished(journal.record)
    keeper.clean_up_finished(journal.record)  # a second time there is nothing to do
    assert _kept(home) == ["search-0001/best"]
    if stored:
        assert not list((tmp_path / "storage" / "small-0123456789ab").iterdir())
        assert (
            home / "trials" / "search-0001" / "best" / "model.safetensors"
        ).read_text() == "search-0001"


def test_a_storage_that_fails_does_not_end_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def dead(self: RemoteStorage) -> None:
        raise OSError("the line is dead")

    monkeypatch.setattr(RemoteStorage, "delete", dead)
    with caplog.at_level(logging.ERROR):
        _run(tmp_path / "sweep", str(tmp_path / "storage"))
    assert (
        f"search-0000 stay in {tmp_path}/storage/small-0123456789ab/search-0000: the line is dead"
        in caplog.text
    )


def test_no_network_of_a_member_is_kept(tmp_path: Path) -> None:
    journal = Journal(
        tmp_path / "journal.jsonl",
        [checkpoint_retention.CheckpointRetention(tmp_path, small.config())],
    )
    journal.write(SweepStarted(id="0123456789ab", name="small", slots=1, budget={}))
    ends: list[tuple[Role, float]]
    ends = [("member", 0.9), ("member", 0.8), ("last", 0.3), ("mean", 0.5)]
    for number, (role, objective) in enumerate(ends):
        name = f"search-{number:04d}"
        _begin(journal, name, number, role=role)
        for part in ("last", "best"):
            (tmp_path / "trials" / name / part).mkdir(parents=True)
        journal.write(EpochEnded(id=name, epoch=1, metrics={}, objective=objective, seconds=1.0))
        journal.write(TrialEnded(id=name, state="COMPLETE", reason=""))
    journal.close()
    assert [path.parent.name for path in (tmp_path / "trials").glob("*/*")] == ["search-0003"]


@pytest.mark.parametrize("uri", ["nowhere://x", "not/absolute", "/proc/mtl_search"])
def test_a_storage_that_cannot_be_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match="no folder that can be written to") as caught:
        check_storage(override(small.config(), {"resources.storage": uri}))
    assert caught.value.path == "resources.storage"


def test_networks_that_dropped_out_of_a_race_are_deleted_when_the_winner_goes_on(
    tmp_path: Path,
) -> None:
    journal = Journal(
        tmp_path / "journal.jsonl",
        [checkpoint_retention.CheckpointRetention(tmp_path, small.config())],
    )

    def finalist(number: int, origin: str) -> Path:
        name = f"final-search-{number:04d}"
        journal.write(
            TrialStarted(
                id=name, arm="final/search", number=number, params={}, distributions={},
                overrides={}, seed=0, origin=origin,
            )
        )  # fmt: skip
        network = tmp_path / "trials" / name / "best"
        network.mkdir(parents=True)
        journal.write(TrialEnded(id=name, state="COMPLETE", reason="", test={"test/a/b": 1.0}))
        return network

    raced = [finalist(number, origin) for number, origin in enumerate("aabb")]
    assert all(network.exists() for network in raced)
    more = finalist(4, "b")
    assert [network.exists() for network in [*raced, more]] == [False, False, True, True, True]
    journal.close()
