"""The Python door without running a sweep: drawing a config, and a sweep that cannot be drawn."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search import ConfigError, SweepError, plot_model
from mtl_search.api import running
from tests.support import small_sweeps as small


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
