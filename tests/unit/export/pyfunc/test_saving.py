"""A model as MLflow's Python function predicts what it did before."""

from __future__ import annotations

import base64
from pathlib import Path

import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from mlflow.utils import environment

from mtl_search.export.pyfunc.mlflow_pyfunc import pyfunc
from mtl_search.export.pyfunc.saving import save_pyfunc
from tests.support.small_models import trained


@pytest.mark.parametrize("name", ["penguins", "images", "sentences", "digits", "sources"])
def test_it_predicts_the_same_numbers_without_pickle(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    case, model = trained(name, tmp_path / "train")
    save_pyfunc(model, tmp_path / "saved")
    rows = case.raw
    if name == "images":
        coded = [base64.b64encode(Path(file).read_bytes()).decode() for file in rows[1:]]
        rows = pd.DataFrame({"image": [str(rows[0]), *coded]})
    if name == "sentences":
        rows = pd.DataFrame({"sentence": rows})
    loaded = pyfunc.load_model(str(tmp_path / "saved"))
    params = {"source": case.source} if case.source else None
    given = loaded.predict(rows, params=params)
    expected = model.predict(case.raw, source=case.source, output="frame", prepared=False)
    pd.testing.assert_frame_equal(
        given.reset_index(drop=True), expected.reset_index(drop=True), rtol=1e-6
    )
    task = model.tasks[0]
    few = loaded.predict(rows, params={**(params or {}), "tasks": [task], "batch_size": 3})
    assert all(column.startswith(task) for column in few.columns)
    assert not [file for file in (tmp_path / "saved").rglob("*") if file.suffix == ".pkl"]


def test_what_is_wrong_is_an_error_that_servers_answer_with_400(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, model = trained("penguins", tmp_path / "train")
    compare = "warn_dependency_requirement_mismatches"
    compared: list[object] = []
    monkeypatch.setattr(environment, compare, compared.append)
    save_pyfunc(model, tmp_path / "saved")
    assert not compared  # that would read the lists of files of all installed packages
    assert getattr(environment, compare) == compared.append
    loaded = pyfunc.load_model(str(tmp_path / "saved"))
    frame = model.example().assign(bill_length_mm="long")
    with pytest.raises(MlflowException, match="bill_length_mm") as caught:
        loaded.predict(frame)
    assert caught.value.get_http_status_code() == 400
