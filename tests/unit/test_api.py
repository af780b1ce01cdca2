"""The Python door without running a sweep: drawing a config, and a sweep that cannot be drawn."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search import ConfigError, Result, SweepError, plot_model
from mtl_search.api import running
from mtl_search.config import to_yaml
from tests.support import small_sweeps as small
from tests.support.recorded_sweeps import Builder
from tests.support.recorded_sweeps import config as demo


def test_a_config_is_drawn(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    plot_model(small.tree(), tmp_path / "model.png", {"model.sharing.depth": 0})
    plot_model(
        small.config(), str(tmp_path / "model.svg"), ["model.sharing.depth=2"], data=small.data()
    )
    assert (tmp_path / "model.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "model.svg").exists()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_wrong_ending_is_told_before_the_data_are_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"allowed:  \.png"):
        plot_model(small.tree(), tmp_path / "model.gif", {"data": "no.such.module:x"})


class _Sweep:
    """What `_picture` asks of a result."""

    def __init__(
        self, directory: Path, models: dict[str, Path], error: Exception | None = None
    ) -> None:
        self.directory, self._models, self._error = directory, models, error

    def models(self) -> dict[str, Path]:
        return self._models

    def plot_model(self, path: Path) -> None:
        if self._error is not None:
            raise self._error
        path.write_bytes(b"drawn")


def _picture(sweep: Any) -> dict[str, Path]:
    return running._picture(sweep)


def test_the_picture_is_an_artifact(tmp_path: Path) -> None:
    found = _picture(_Sweep(tmp_path, {"model/search": tmp_path}))
    assert found == {"graph": tmp_path / "model.png"}
    assert found["graph"].read_bytes() == b"drawn"


@pytest.mark.parametrize(
    "error", [RuntimeError("no\n  font"), SweepError("not kept"), MemoryError()]
)
def test_a_sweep_does_not_fail_for_want_of_its_picture(
    error: Exception, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert _picture(_Sweep(tmp_path, {"model/search": tmp_path}, error)) == {}
    (record,) = caplog.records
    assert (
        record.getMessage()
        == f"the best network could not be drawn: {' '.join(str(error).split())}"
    )
    assert record.exc_info is None


def test_a_sweep_without_a_network_is_not_drawn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert _picture(_Sweep(tmp_path, {}, RuntimeError("never asked"))) == {}
    assert not caplog.records


def test_an_adaptive_trial_becomes_static_weights(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(to_yaml(demo()))
    made = Builder(tmp_path / "journal.jsonl").sweep()
    made.trial("equal", 0, 0.8)
    adaptive = made.begin("search", 0, adaptive=True)
    for epoch, left in enumerate((1.0, 2.0), start=1):
        weights = {"left": left, "right": 1.0, "same": 2 - left}
        made.epoch(
            adaptive,
            epoch,
            0.9,
            {},
            **{f"train/weight/{task}": weight for task, weight in weights.items()},
        )
    made.end(adaptive)
    begun = made.begin("search", 1)
    result = Result(tmp_path)
    assert (
        result.mean_weights()
        == result.mean_weights(adaptive)
        == {"left": 1.5, "right": 1.0, "same": 0.5}
    )
    last = result.mean_weights(last=1)
    assert last["same"] == 0.01
    assert sum(last.values()) == pytest.approx(3)
    assert last["left"] / last["right"] == pytest.approx(2)
    assert result.mean_weights("equal-0000") == {"left": 1.0, "right": 1.0, "same": 1.0}
    with pytest.raises(SweepError, match="has not got to the end of an epoch"):
        result.mean_weights(begun)
    with pytest.raises(
        SweepError, match=r"there is no trial 'serch-0000'.*did you mean 'search-0000'\?"
    ):
        result.mean_weights("serch-0000")
    with pytest.raises(ConfigError, match="last: "):
        result.mean_weights(last=0)


def test_a_trial_that_only_found_weights_is_never_the_best(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(to_yaml(demo()))
    made = Builder(tmp_path / "journal.jsonl").sweep()
    made.trial("single/left", 0, 0.5)
    made.trial("warmup/uw", 0, 0.9)
    assert Result(tmp_path).best.trial == "single-left-0000"
