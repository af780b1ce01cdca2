"""Several ranks train as one does, write as one does, and fail as one does."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn

from mtl_search.config import Config, override
from mtl_search.models.stage import Stage
from mtl_search.storage.item_values import decode
from mtl_search.training.distributed.communicator import Communicator, SingleProcess
from mtl_search.training.trainer import Trainer
from tests.support.parity import CASES, Parity
from tests.support.ranks import caught, on_ranks
from tests.support.trials import CPU, changed, config, data, spec, told, train

Results = list[dict[str, Any]]


@pytest.fixture(scope="module", params=[2, pytest.param(4, marks=pytest.mark.large)])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Of every rank: case → what it returned. One start for all: it takes longer than they do."""
    folder = tmp_path_factory.mktemp(f"ranks_{request.param}")
    return on_ranks(request.param, _all_cases, folder, folder)


def _all_cases(communicator: Communicator, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: case.run(folder / name, communicator) for name, case in CASES.items()
    }
    for work in (resumed, items_of_test, failing, batch_norm, dropped):
        found[work.__name__] = work(communicator, folder)
    return found


# ---------------------------------------------------------------- the same training


@cache
def _alone(name: str) -> tuple[dict[str, Tensor], dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        return CASES[name].run(Path(folder))


def _assert_near(name: str, one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=0, atol=1e-5, msg=lambda m: f"{name}: {m}")


@pytest.mark.parametrize("name", list(CASES))
def test_parameters_and_metrics_are_those_of_one_rank(name: str, results: Results) -> None:
    parameters, metrics = _alone(name)
    first = results[0][name]
    for theirs, theirs_metrics in (rank[name] for rank in results):
        assert theirs_metrics == pytest.approx(first[1], rel=0, abs=0, nan_ok=True)
        for key, value in parameters.items():
            assert torch.equal(theirs[key], first[0][key]), key  # the ranks never drift apart
            _assert_near(key, theirs[key], value)
    assert first[1].keys() == metrics.keys()
    for key, number in metrics.items():
        assert first[1][key] == pytest.approx(number, rel=1e-4, abs=1e-5, nan_ok=True), key


# ---------------------------------------------------------------- checkpoints


def _noisy() -> Config:
    settings = config(
        epochs=4, checkpoint_every_s=0, optimizer={"name": "adamw", "lr": 0.02}, schedule="cosine"
    )
    return override(settings, {"model.backbone.dropout": 0.3})


def resumed(communicator: Communicator, folder: Path) -> dict[str, Any]:
    """A trial that runs through, and one that is resumed; only rank 0 knows their folders."""
    places = {name: folder / f"{name}_{communicator.rank}" for name in ("whole", "cut")}
    whole = train(_on(communicator, _noisy(), places["whole"], test=True))
    first = [_on(communicator, _noisy(), places["cut"], test=True).run_epoch()]
    torch.rand(5)
    rest = train(_on(communicator, _noisy(), places["cut"], test=True))
    return {
        "whole": [told(report) for report in whole],
        "cut": [told(report) for report in first + rest],
        "test": (whole[-1].test, rest[-1].test),
        "written": sorted(path.name for path in folder.glob(f"*_{communicator.rank}/*")),
        "dropout": torch.rand(1).item(),
    }


def _on(
    communicator: Communicator, settings: Config, folder: Path, *, test: bool = False
) -> Trainer:
    return Trainer(
        spec(settings, folder, test=test),
        data(missing=True, train=96),
        CPU,
        communicator=communicator,
    )


def test_a_trial_taken_up_again_is_the_one_that_ran_through(results: Results) -> None:
    for rank, found in enumerate(result["resumed"] for result in results):
        assert found["whole"] == found["cut"] == results[0]["resumed"]["whole"]
        assert found["test"][0] == found["test"][1] != {}
        assert found["written"] == (["best", "best", "last", "last"] if rank == 0 else [])
    assert len({result["resumed"]["dropout"] for result in results}) == len(results)


# ---------------------------------------------------------------- items of the test split


def items_of_test(communicator: Communicator, folder: Path) -> dict[str, Any]:
    """The item values of a finalist, from batches of which every rank has a part."""
    settings = config(epochs=2, eval_batch_size=5)
    place = folder / f"items_{communicator.rank}"
    return decode(train(_on(communicator, settings, place, test=True))[-1].items)


def test_items_are_in_the_order_of_the_split(results: Results, tmp_path: Path) -> None:
    alone = items_of_test(SingleProcess(), tmp_path)
    assert len(set(alone["size/r2"].tolist())) > 5  # else any order would do
    for result in results:
        assert result["items_of_test"].keys() == alone.keys() == {
            "kind/accuracy", "flag/accuracy", "size/r2"
        }  # fmt: skip
        for key, values in alone.items():
            assert result["items_of_test"][key] == pytest.approx(values, rel=1e-3, abs=1e-4)


# ---------------------------------------------------------------- failures


class _Breaks(nn.Module):
    def __init__(self, how: str, width: int) -> None:
        super().__init__()
        self.dense, self.how, self.calls = nn.Linear(width, 4), how, 0

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.dense(x)
        self.calls += self.training == (self.how != "judged")
        if self.calls == 3 and dist.get_rank() == 1:
            if self.how == "nan":
                return features * float("nan")
            if self.how == "memory":
                raise torch.OutOfMemoryError("CUDA out of memory")
            raise ValueError("the third call")
        return torch.relu(features)


def breaking_backbone(input_shape: tuple[int, ...], *, how: str) -> list[Stage]:
    """One layer that fails at its third call on rank 1."""
    return [Stage(_Breaks(how, input_shape[-1]), 4, "breaks")]


def failing(communicator: Communicator, folder: Path) -> dict[str, Any]:
    """How each failure ends."""

    def broken(how: str, **training: Any) -> Callable[[], Any]:
        settings = override(
            config(**training),
            {"model.backbone": {"name": f"{__name__}:breaking_backbone", "how": how}},
        )
        return lambda: train(_on(communicator, settings, folder / how))

    def objective(_: Any) -> float:
        raise KeyError("no such metric")

    def full_disk(_: Any) -> float:
        raise OSError(errno.ENOSPC, "No space left on device")

    judged = Trainer(
        spec(config(), folder / "objective"),
        data(),
        CPU,
        objective=objective,
        communicator=communicator,
    )
    written = Trainer(
        spec(config(), folder / "disk"), data(), CPU, objective=full_disk, communicator=communicator
    )
    sync = changed(config("convnet"), sync_batch_norm=True)
    return {
        "nan": caught(broken("nan")),
        "raised": caught(broken("raised")),
        "early": caught(broken("raised", batch_size=4, epochs=1)),
        "judged": caught(broken("judged")),
        "memory": caught(broken("memory")),
        "disk": caught(written.run_epoch),
        "objective": caught(judged.run_epoch),
        "sync": caught(lambda: _on(communicator, sync, folder / "sync")),
        "after": communicator.all_reduce(torch.ones(1)).item(),  # nobody is a message behind
    }


def test_all_ranks_fail_alike_and_none_hangs(results: Results) -> None:
    size = len(results)
    found = [result["failing"] for result in results]
    assert {one["nan"] for one in found} == {
        ("TrialError", "the train loss of task 'kind' is nan in epoch 1")
    }
    for how in ("raised", "early", "judged"):
        ((kind, text),) = {one[how] for one in found}
        assert kind == "TrialError"
        assert text.startswith(f"worker 1 of {size}: Traceback")
        assert "ValueError: the third call" in text
    assert [one["objective"][0] for one in found] == ["KeyError"] + ["TrialError"] * (size - 1)
    assert all("no such metric" in one["objective"][1] for one in found)
    assert {one["memory"][0] for one in found} == {"OutOfMemoryError"}
    assert {one["memory"][1].partition("\n")[0] for one in found} == {
        f"worker 1 of {size}: out of memory: CUDA out of memory"
    }
    assert [one["disk"][0] for one in found] == ["OSError"] + ["DiskFullError"] * (size - 1)
    assert all("No space left on device" in one["disk"][1] for one in found)
    assert {one["sync"][0] for one in found} == {"ConfigError"}
    assert "training.sync_batch_norm" in found[0]["sync"][1]
    assert {one["after"] for one in found} == {size}


# ---------------------------------------------------------------- batch normalisation


def batch_norm(communicator: Communicator, folder: Path) -> dict[str, Any]:
    """Statistics after an epoch, with batches whose last part is too short for all ranks."""
    case = Parity("convnet", values={"model.backbone.norm": "batch"}, train=51)
    made = case.trainer(folder / "norm", communicator)
    made.train_epoch()
    return {name: buffer for name, buffer in made.network.named_buffers() if "running" in name}


def test_all_ranks_judge_by_the_statistics_of_rank_0(results: Results) -> None:
    first = results[0]["batch_norm"]
    assert first
    for result in results:
        for name, buffer in result["batch_norm"].items():
            assert torch.equal(buffer, first[name]), name
            assert buffer.isfinite().all()


# ---------------------------------------------------------------- dropout


def dropped(communicator: Communicator, folder: Path) -> Tensor:
    """What a rank's dropout keeps."""
    made = _on(
        communicator, override(config(), {"model.backbone.dropout": 0.5}), folder / "dropout"
    )
    del made
    kept: Tensor = nn.functional.dropout(torch.ones(64))
    return kept


def test_ranks_drop_other_features(results: Results, tmp_path: Path) -> None:
    kept = {tuple(result["dropped"].tolist()) for result in results}
    assert len(kept) == len(results)
    alone = dropped(SingleProcess(), tmp_path)
    assert torch.equal(results[0]["dropped"], alone)  # rank 0 is what it is alone
