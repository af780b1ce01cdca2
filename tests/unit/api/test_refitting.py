"""A sweep's configuration, trained again."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mtl_search
from mtl_search import Model, Result
from mtl_search.api import refitting
from mtl_search.api.model_choice import model_of_arm
from mtl_search.api.refitting import epochs_of
from mtl_search.data import load_data
from mtl_search.errors import ConfigError, SweepError

FINISHED = Path("tests/fixtures/sweeps/v0_1_finished")
CONFIG = FINISHED / "config.yaml"


def test_the_recommended_network_is_trained_on_all_rows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    result = Result(FINISHED)
    seen: list[Any] = []
    with caplog.at_level(logging.WARNING):
        model = mtl_search.train(
            CONFIG,
            result,
            output=tmp_path / "model",
            seed=7,
            progress=lambda *about: seen.append(about),
        )
    assert "has no digest of its data" in caplog.text
    origin = result.best.trial
    epochs = model.info["trained"]["epochs"][origin]
    finalists = [t for t in result.record.arm("final/search") if t.origin == origin]
    best = [t.best.epoch for t in finalists if t.best]
    assert epochs == round(sum(best) / len(best))
    tasks = ("left", "right", "same")
    assert seen == [(tasks, epoch + 1, epochs) for epoch in range(epochs)]
    assert (model.members[0].seed, model.members[0].epoch) == (7, epochs)
    assert model.config.training.optimizer.arguments["lr"] == result.best.lr
    # The file alone gives the same, and what it reached on the test split.
    loaded = Model.load(tmp_path / "model")
    data = load_data(result.config)
    rows = data.splits["test"]
    views = {view: np.asarray(x[rows]) for view, x in data.inputs.items()}
    predicted = loaded.predict(views)["left"].argmax(1)
    accuracy = (predicted == data.targets["left"].values[rows]).mean()
    assert loaded.info["test"]["test/left/accuracy"] == pytest.approx(accuracy)
    assert loaded.info["metrics"]["test/left/accuracy"]["seeds"] == 1


def test_separate_networks_where_these_are_recommended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = Result(FINISHED)
    monkeypatch.setattr(
        refitting,
        "recommended_model",
        lambda networks, verdict: model_of_arm(networks, "single"),
    )
    model = mtl_search.train(CONFIG, result, output=tmp_path / "model")
    assert [member.tasks for member in model.members] == [("left",), ("right",)]
    assert list(model.info["trained"]["epochs"]) == model.info["trials"]
    assert len(model.info["trials"]) == 2


def test_no_ray_is_needed(tmp_path: Path) -> None:
    program = f"""
import sys
sys.modules.update(dict.fromkeys(["ray", "optuna", "mlflow"]))
import mtl_search
model = mtl_search.train({str(CONFIG)!r}, {str(FINISHED)!r}, output={str(tmp_path / "model")!r})
print(*model.tasks)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["left", "right", "same"], done.stderr


def test_a_trial_by_name_and_its_epochs(tmp_path: Path) -> None:
    record = Result(FINISHED).record
    trial = record.trials["search-0001"]
    if not [t for t in record.arm("final/search") if t.origin == trial.id]:
        assert trial.best is not None
        assert epochs_of(record, trial) == trial.best.epoch
    model = mtl_search.train(CONFIG, FINISHED, trial="search-0001", output=tmp_path / "model")
    assert model.info["trials"] == ["search-0001"]
    with pytest.raises(SweepError, match=r"no trial 'search-0009'.* did you mean 'search-000"):
        mtl_search.train(CONFIG, FINISHED, trial="search-0009", output=tmp_path / "other")


def test_another_config_or_other_data_are_refused(tmp_path: Path) -> None:
    output = tmp_path / "model"
    with pytest.raises(ConfigError, match=r"^model.backbone.channels: is not that of the sweep"):
        mtl_search.train(CONFIG, FINISHED, {"model.backbone.channels": [8]}, output=output)
    with pytest.raises(ConfigError, match=r"^training.epochs: is not that of the sweep"):
        mtl_search.train(CONFIG, FINISHED, ["training.epochs=9"], output=output)
    result = Result(FINISHED)
    result.record.data_sets[1] = {"digest": "1" * 32}
    with pytest.raises(SweepError, match=r"the data are not those of the sweep .*; run a sweep"):
        mtl_search.train(CONFIG, result, output=output)
    output.mkdir()
    (output / "notes.txt").write_text("")
    with pytest.raises(SweepError, match="has files in it and is no model"):
        mtl_search.train(CONFIG, FINISHED, output=output)
