from __future__ import annotations

import time
from pathlib import Path

import pytest

from mtl_search.errors import SweepError
from mtl_search.export.pyfunc.download import download, is_address


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No store but that of this test."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    for name in ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"):
        monkeypatch.setenv(name, "")  # so that what is set instead goes with the test
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_addresses_are_told_from_folders() -> None:
    assert is_address("models:/a/1")
    assert is_address("runs:/0a/model")
    assert not is_address("models/a")


def test_a_model_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=r"gives no model models:/nothing/1: ") as caught:
        download("models:/nothing/1", tmp_path)
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    begun = time.monotonic()
    message = (
        r"MLflow at http://\S*127\.0\.0\.1:9, .* gives no model models:/a/1: Connection refused"
    )
    with pytest.raises(SweepError, match=message) as raised:
        download("models:/a/1", tmp_path)
    assert time.monotonic() - begun < 20
    assert "secret" not in str(raised.value)


def test_a_model_of_another_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "files" / "MLmodel").write_text("flavors: {}")
    with pytest.raises(SweepError, match="a model of another program"):
        download((tmp_path / "files").as_uri(), tmp_path / "here")
