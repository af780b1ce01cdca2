"""A sweep keeps what raw rows need, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.search.provenance.preparation import keep_preparation
from tests.support.raw_rows import penguins, subwords


def test_a_tokenizer_is_kept_once(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    data = subwords(tmp_path).data()
    keep_preparation(tmp_path / "sweep", data)
    kept = tmp_path / "sweep" / "preparation" / "tokenizer.json"
    written = kept.stat().st_mtime_ns
    (tmp_path / "encoder").rename(tmp_path / "gone")
    keep_preparation(tmp_path / "sweep", data)
    assert kept.stat().st_mtime_ns == written


def test_most_data_sets_need_no_folder(tmp_path: Path) -> None:
    keep_preparation(tmp_path / "sweep", penguins(tmp_path).data())
    assert not (tmp_path / "sweep").exists()
