"""The Multi-MNIST benchmark on a handful of made-up digits."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_search.data import DataSet
from mtl_search.data.types import SPLITS, Array
from mtl_search.errors import ConfigError, DataError
from mtl_search.models.stage import parameter_count
from mtl_search.storage import item_values
from mtl_search.storage.journal import read_record
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial_report import TrialReport
from tests.benchmarks import multi_mnist as command
from tests.benchmarks.overlapping_digits.data import DIGIT, SHIFT, multi_mnist, overlapped
from tests.benchmarks.overlapping_digits.figures import figures_of
from tests.benchmarks.overlapping_digits.lenet import lenet
from tests.benchmarks.overlapping_digits.settings import (
    RAW_LOSSES,
    SETTINGS,
    Sizes,
    config_of,
)
from tests.benchmarks.overlapping_digits.sweep import run_sweep
from tests.benchmarks.overlapping_digits.table import render

TINY = Sizes(train=40, validation=10, test=20, epochs=1, trials=2, seeds=2)
TINY_RACE = ("search.finalists.top=1",)
RECONSTRUCT = SETTINGS["reconstruct"]


def _write_idx(path: Path, values: Array) -> None:
    head = struct.pack(f">HBB{values.ndim}I", 0, 0x08, values.ndim, *values.shape)
    path.write_bytes(head + values.tobytes())


def _digits(count: int, first: int) -> tuple[Array, Array]:
    """Return noise with a label that its brightness tells; the first pixel numbers the digits."""
    labels_M = np.arange(count, dtype=np.uint8) % 10
    rng = np.random.default_rng(first)
    digits_MHV = rng.integers(0, 20, (count, DIGIT, DIGIT), np.uint8)
    digits_MHV += (20 * labels_M)[:, None, None]
    digits_MHV[:, 0, 0] = first + np.arange(count)
    return digits_MHV, labels_M


@pytest.fixture(scope="module")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like MNIST's, with 60 + 20 digits; the last 10 of the 60 are for validation."""
    folder = tmp_path_factory.mktemp("mnist")
    for part, count, first in (("train", 60, 100), ("t10k", 20, 200)):
        digits_MHV, labels_M = _digits(count, first)
        _write_idx(folder / f"{part}-images-idx3-ubyte", digits_MHV)
        _write_idx(folder / f"{part}-labels-idx1-ubyte", labels_M)
    return folder


@pytest.fixture(scope="module")
def data(mnist: Path) -> DataSet:
    return multi_mnist(str(mnist), train=50, validation=10, test=20)


def test_of_two_pixels_the_brighter_one_is_seen() -> None:
    rng = np.random.default_rng(0)
    left_NHV, right_NHV = rng.integers(0, 256, (2, 3, DIGIT, DIGIT), np.uint8)
    pictures_NHV = overlapped(left_NHV, right_NHV)
    assert pictures_NHV.shape == (3, 36, 36)
    for row, column in rng.integers(0, 36, (200, 2)):
        pixels = [np.zeros(3, np.uint8)]
        if row < DIGIT and column < DIGIT:
            pixels.append(left_NHV[:, row, column])
        if 0 <= row - SHIFT < DIGIT and 0 <= column - SHIFT < DIGIT:
            pixels.append(right_NHV[:, row - SHIFT, column - SHIFT])
        assert pictures_NHV[:, row, column].tolist() == np.max(pixels, axis=0).tolist()


def test_no_digit_is_in_two_splits(data: DataSet) -> None:
    left = np.rint(255 * data.inputs["picture"][:, 0, 0, 0]).astype(int)
    right = np.rint(255 * data.targets["right_picture"].values[:, 0]).astype(int)
    allowed = {"train": range(100, 150), "validation": range(150, 160), "test": range(200, 220)}
    for split in SPLITS:
        rows = data.splits[split]
        assert sorted(left[rows]) == list(allowed[split])  # each digit once on the left
        assert set(right[rows]) <= set(allowed[split])
        assert (right[rows] != left[rows]).any()


def test_labels_are_those_of_the_digits(data: DataSet) -> None:
    for side, number in (
        ("left", data.inputs["picture"][:, 0, 0, 0]),
        ("right", data.targets["right_picture"].values[:, 0]),
    ):
        numbers = np.rint(255 * number).astype(int)
        assert data.targets[side].values.tolist() == (numbers % 100 % 10).tolist()


def test_another_seed_makes_other_pairs(mnist: Path, data: DataSet) -> None:
    again, other = (multi_mnist(str(mnist), 50, 10, 20, seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(again.inputs["picture"], data.inputs["picture"])
    assert (other.targets["left"].values != data.targets["left"].values).any()


def test_more_pictures_than_digits_are_refused(mnist: Path) -> None:
    with pytest.raises(DataError, match="11 validation pictures were asked of 10 digits"):
        multi_mnist(str(mnist), 10, 11, 10)


def test_lenet_has_its_parameters() -> None:
    stages = lenet((1, 36, 36))
    x = torch.zeros(2, 1, 36, 36)
    shapes = []
    for stage in stages:
        x = stage(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == [(10, 16, 16), (20, 6, 6), (50,)]
    assert [parameter_count(stage) for stage in stages] == [260, 5020, 720 * 50 + 50]


def test_printed_weights_count_the_losses_as_they_are(mnist: Path, tmp_path: Path) -> None:
    """The factors of both losses are those of cross-entropy and of pixels divided by .3081."""
    method = RECONSTRUCT.method("raw")
    config = config_of(RECONSTRUCT, method, TINY, str(mnist))
    weights = {task: settings.loss_weight for task, settings in config.tasks.items()}
    assert weights == RAW_LOSSES
    # The trivial losses of MNIST: the entropy of ten digits alike, and the variance of pixels.
    assert weights["left"] == pytest.approx(np.log(10), rel=2e-3)
    per_loss = weights["picture"] / 0.06697
    assert per_loss == pytest.approx(1 / 0.3081**2, rel=2e-3)


@pytest.fixture(scope="module")
def finished(mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a setting whose sweep and one method have finished."""
    root = tmp_path_factory.mktemp("runs")
    for name in ("sweep", "uw"):
        config = config_of(RECONSTRUCT, RECONSTRUCT.method(name), TINY, str(mnist), TINY_RACE)
        run_sweep(config, root / name)
    return root


@pytest.mark.large
def test_all_methods_have_the_same_seeds(finished: Path) -> None:
    seeds = {
        name: [t.seed for t in read_record(finished / name / "journal.jsonl").arm("final/search")]
        for name in ("sweep", "uw")
    }
    assert seeds["sweep"] == seeds["uw"]
    assert len(seeds["uw"]) == TINY.seeds


@pytest.mark.large
def test_items_of_a_finalist_average_to_its_metrics(finished: Path) -> None:
    record = read_record(finished / "sweep" / "journal.jsonl")
    (trial, _) = record.arm("final/search")
    items = item_values.read(finished / "sweep", trial.id)
    assert items.keys() == {"left/accuracy", "picture/mse"}
    for key, values_N in items.items():
        assert values_N.shape == (TINY.test,)
        assert values_N.mean() == pytest.approx(trial.test[f"test/{key}"], rel=1e-5)


@pytest.mark.large
def test_the_table_holds_what_has_finished(finished: Path) -> None:
    figures = figures_of(RECONSTRUCT, finished)
    assert figures is not None
    assert figures.missing == ["raw", "printed", "famo"]
    equal, search, uw = figures.rows
    assert equal.weights == [1.0, 1.0]
    assert search.weights is not None
    assert uw.weights is None
    for row in figures.rows:
        assert np.mean(row.delta_m) == pytest.approx(np.mean(list(row.tasks.values())), abs=1e-9)
        accuracy, mse = (
            figures.reference[f"test/{key}"] for key in ("left/accuracy", "picture/mse")
        )
        assert row.tasks["left"] == pytest.approx(row.test["test/left/accuracy"] / accuracy - 1)
        assert row.tasks["picture"] == pytest.approx(1 - row.test["test/picture/mse"] / mse)
    text = render([figures])
    assert "| uncertainty weighting | " in text
    assert "-13.70 (-1.11 / -26.30)" in text
    assert "Not finished: raw, printed, famo." in text
    assert len({line.count("|") for line in text.splitlines() if line.startswith("|")}) == 1


def test_without_a_sweep_there_is_no_table(tmp_path: Path) -> None:
    assert figures_of(RECONSTRUCT, tmp_path) is None
    assert render([]) == "No sweep has finished.\n"


@pytest.mark.large
def test_a_finished_sweep_is_left_alone_and_another_config_refused(
    finished: Path, mnist: Path
) -> None:
    journal = finished / "uw" / "journal.jsonl"
    before = journal.read_bytes()
    method = RECONSTRUCT.method("uw")
    run_sweep(config_of(RECONSTRUCT, method, TINY, str(mnist), TINY_RACE), finished / "uw")
    assert journal.read_bytes() == before
    other = config_of(RECONSTRUCT, method, TINY, str(mnist), [*TINY_RACE, "training.epochs=2"])
    with pytest.raises(ConfigError, match="cannot change when a sweep is resumed"):
        run_sweep(other, finished / "uw")


@pytest.mark.large
def test_an_interrupted_sweep_goes_on_to_the_same_end(
    finished: Path, mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(RECONSTRUCT, RECONSTRUCT.method("uw"), TINY, str(mnist), TINY_RACE)
    epochs = 0

    def interrupted(trainer: Trainer) -> TrialReport:
        nonlocal epochs
        epochs += 1
        if epochs == 2:
            raise KeyboardInterrupt
        return run_epoch(trainer)

    run_epoch = Trainer.run_epoch
    monkeypatch.setattr(Trainer, "run_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(config, tmp_path / "uw")
    run_sweep(config, tmp_path / "uw")
    ours = read_record(tmp_path / "uw" / "journal.jsonl")
    theirs = read_record(finished / "uw" / "journal.jsonl")
    assert ours.complete
    assert [(t.id, t.objective) for t in ours] == [(t.id, t.objective) for t in theirs]


def test_the_longest_sweeps_come_first(mnist: Path) -> None:
    arguments = command.parse([str(mnist), "--only", "sweep,famo", "--runs", "there"])
    jobs = command.planned_jobs(arguments, TINY)
    assert [str(job.directory) for job in jobs] == [
        "there/classify/sweep",
        "there/reconstruct/sweep",
        "there/classify/famo",
        "there/reconstruct/famo",
    ]


@pytest.mark.parametrize("option", ["--settings", "--only"])
def test_an_unknown_name_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.parse(["mnist", option, "sideways"])
    assert "no 'sideways'; there are" in capsys.readouterr().err


def test_help_tells_what_is_expected(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.parse(["--help"])
    text = capsys.readouterr().out
    for setting in SETTINGS.values():
        assert f"{setting.title}: {setting.expected}" in text


def test_methods_have_names_of_their_own() -> None:
    for setting in SETTINGS.values():
        names = [method.name for method in setting.methods]
        assert len(set(names)) == len(names)
