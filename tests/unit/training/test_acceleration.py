"""Channels last and torch.compile: the same numbers, and nothing left in the next trial."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search.errors import ConfigError
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.failures import reason
from tests.support.parity import Parity
from tests.support.ranks import on_ranks
from tests.support.trials import config, data, trainer, weights_of


def _trained(folder: Path, **training: Any) -> dict[str, torch.Tensor]:
    # Fused, and with an epsilon above rounding: the bias before a batch normalisation has a
    # gradient of nothing else.
    settings = config("convnet", optimizer={"name": "adamw", "lr": 1e-3, "eps": 1e-3}, **training)
    made = trainer(settings, folder, data())
    for epoch in range(2):
        made.progress.epoch = epoch
        made.train_epoch()
    made.evaluate("validation")
    if settings.training.channels_last:
        assert all(
            p.stride(1) == 1 for p in made.parameters if p.dim() == 4
        )  # also that of the one-channel images
    return weights_of(made)


@pytest.mark.parametrize(
    "training",
    [
        {},
        {"aggregator": "pcgrad"},
        {"weighting": "uw"},
        {"batch_size": 8, "accumulate": 2},
        {"precision": "bf16"},
    ],
)
def test_channels_last_changes_no_number(training: dict[str, Any], tmp_path: Path) -> None:
    usual = _trained(tmp_path / "usual", **training)
    other = _trained(tmp_path / "other", channels_last=True, **training)
    bound = 2e-3 if "precision" in training else 1e-5
    for name, tensor in usual.items():
        torch.testing.assert_close(other[name], tensor, rtol=10 * bound, atol=bound, msg=name)


def test_channels_last_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    settings = config("convnet", channels_last=True, checkpoint_every_s=0)
    whole = trainer(settings, tmp_path / "whole")
    trainer(settings, tmp_path / "parts").run_epoch()
    again = trainer(settings, tmp_path / "parts")
    whole.run_epoch()
    assert again.progress.epoch == 1
    assert whole.run_epoch().metrics["val/kind/loss"] == pytest.approx(
        again.run_epoch().metrics["val/kind/loss"], rel=1e-5
    )


def test_channels_last_needs_convolutions(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no two-dimensional convolution"):
        trainer(config("mlp", channels_last=True), tmp_path)


@pytest.mark.parametrize(
    "training",
    [{"aggregator": "pcgrad"}, {"weighting": "gradnorm"}, {"weighting": "uw", "accumulate": 2}],
)
def test_compiling_is_refused_where_gradients_are_read(
    training: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="gradient of each task by itself"):
        trainer(config("mlp", compile=True, **training), tmp_path)


def test_a_failure_to_compile_says_what_to_do() -> None:
    dynamo = pytest.importorskip("torch._dynamo.exc")
    text = reason(dynamo.TorchDynamoException("no C++ compiler"))
    assert "training.compile: false" in text
    assert "no C++ compiler" in text


@pytest.mark.large
@pytest.mark.filterwarnings(
    "ignore:.*torch.jit:DeprecationWarning"
)  # of torch's own, when it imports its compiler
def test_compiling_changes_no_number(tmp_path: Path) -> None:
    usual, other = _trained(tmp_path / "usual"), _trained(tmp_path / "other", compile=True)
    torch.compiler.reset()
    for name, tensor in usual.items():
        torch.testing.assert_close(other[name], tensor, rtol=1e-3, atol=1e-4, msg=name)


def _compiled(communicator: Communicator, folder: Path) -> dict[str, torch.Tensor]:
    return _COMPILED.run(folder / f"rank_{communicator.rank}", communicator)[0]


_COMPILED = Parity("convnet", {"compile": True})


@pytest.mark.large
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_two_compiled_ranks_train_as_one_that_is_not(tmp_path: Path) -> None:
    usual = dataclasses.replace(_COMPILED, training={}).run(tmp_path / "usual")[0]
    one, other = on_ranks(2, _compiled, tmp_path, tmp_path)
    for name, tensor in usual.items():
        assert torch.equal(one[name], other[name]), name
        torch.testing.assert_close(one[name], tensor, rtol=1e-3, atol=1e-4, msg=name)
