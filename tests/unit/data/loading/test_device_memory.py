"""The memory of a device is that of the machine, or of its container."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mtl_search.data.loading.device_memory import device_memory

CPU = torch.device("cpu")


def test_memory_of_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtl_search.data.loading.device_memory._LIMITS", ())
    machine = device_memory(CPU)
    assert machine > 2**28
    for text, expected in (("1000\n", 1000), ("max\n", machine), (str(2 * machine), machine)):
        (tmp_path / "memory.max").write_text(text)
        monkeypatch.setattr(
            "mtl_search.data.loading.device_memory._LIMITS",
            (tmp_path / "none", tmp_path / "memory.max"),
        )
        assert device_memory(CPU) == expected
