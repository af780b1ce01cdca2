"""The recommended model in MLflow: loaded without pickle, sorted by its metrics, registered."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from mtl_search import Result
from mtl_search.api.tracked_page import send_to_tracking, sweep_page
from mtl_search.config import load_config, override, to_yaml
from mtl_search.errors import ConfigError, SweepError
from mtl_search.storage.sweep_directory import CONFIG
from mtl_search.tracking.links import open_client
from tests.support.kept_sweeps import FINISHED, kept_sweep
from tests.support.raw_rows import SHARING, digits
from tests.support.recorded_sweeps import config

_PREDICT = """
import sys
import numpy as np
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
rows = dict(np.load(sys.argv[2]))
for number, address in enumerate(sys.argv[4:]):
    frame = mlflow.pyfunc.load_model(address).predict(rows)
    frame.to_parquet(f"{sys.argv[3]}/{number}.parquet")
assert not {"ray", "optuna"} & set(sys.modules), "the training packages were imported"
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database whose migrations have run, which takes two seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    open_client(config(name="template"), folder / "runs" / "sweep")
    return folder / "runs" / "mlflow.db"


@pytest.fixture(scope="module")
def sent(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep that was sent to an SQLite store beside it."""
    folder = tmp_path_factory.mktemp("sent")
    shutil.copy(database, folder / "mlflow.db")
    sweep = kept_sweep(folder)
    assert send_to_tracking(sweep).unsent == 0
    return sweep


def store(sweep: Path) -> str:
    return f"sqlite:///{sweep.parent / 'mlflow.db'}"


def logged(sweep: Path) -> list[Any]:
    """The logged models of the store, best Δm on the test split first."""
    client = MlflowClient(store(sweep))
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    order = [{"field_name": "metrics.test/delta_m", "ascending": False}]
    return list(client.search_logged_models(experiments, order_by=order))


def test_it_has_tags_params_and_the_test_metrics_of_its_finalist(sent: Path) -> None:
    result = Result(sent)
    (model,) = logged(sent)
    info = result.load_model().info
    (trial,) = info["trials"]
    assert str(model.status) == "READY"
    assert model.params["trials"] == trial
    assert model.params["arm"] == "search"
    assert {"verdict", "recommended", "sweep", "kind"} <= set(model.tags)
    assert model.tags["verdict"] == result.verdict.outcome
    metrics = {metric.key: metric for metric in model.metrics}
    for name, value in result.record.trials[trial].test.items():
        assert metrics[name].value == pytest.approx(value)
    assert "test/delta_m" in metrics
    client = MlflowClient(store(sent))
    run = client.get_run(metrics["test/delta_m"].run_id)
    assert run.info.run_name == trial
    assert run.data.metrics["test/delta_m"] == metrics["test/delta_m"].value
    assert len(client.get_metric_history(run.info.run_id, "test/delta_m")) == 1, "doubled"
    parent = client.get_run(model.source_run_id)
    assert parent.outputs is not None
    assert [output.model_id for output in parent.outputs.model_outputs] == [model.model_id]


def test_what_was_sent_is_not_sent_again(sent: Path) -> None:
    before = [model.model_id for model in logged(sent)]
    again = send_to_tracking(sent)
    assert (again.written, again.unsent) == (0, 0)
    assert [model.model_id for model in logged(sent)] == before


@pytest.mark.large
def test_it_loads_in_a_new_process_without_pickle(sent: Path, tmp_path: Path) -> None:
    result = Result(sent)
    assert result.register("digits", "champion") == "1"
    assert result.register("digits") == "1", "one model became two versions"
    (model,) = logged(sent)
    rows = digits(tmp_path).raw
    np.savez(tmp_path / "rows.npz", **rows)
    names = ["models:/digits/1", "models:/digits@champion", f"models:/{model.model_id}"]
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PREDICT, store(sent), tmp_path / "rows.npz",
         tmp_path, *names],
        check=True, timeout=90, env={**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
    )  # fmt: skip
    expected = result.load_model().predict(rows, output="frame", prepared=False)
    for number in range(len(names)):
        given = pd.read_parquet(tmp_path / f"{number}.parquet")
        pd.testing.assert_frame_equal(given, expected, check_exact=False, rtol=1e-6)
    assert not [file for file in sent.parent.rglob("*") if file.suffix in (".pkl", ".pt", ".pth")]


@pytest.mark.large
@pytest.mark.parametrize("policy", SHARING)
def test_a_network_of_every_policy_is_registered(
    policy: str, database: Path, tmp_path: Path
) -> None:
    shutil.copy(database, tmp_path / "mlflow.db")
    sweep = kept_sweep(tmp_path, SHARING[policy])
    result = Result(sweep)
    model = result.load_model()
    assert model.config.model.sharing.name == policy
    assert result.register("digits") == "1"
    rows = digits(tmp_path).raw
    np.savez(tmp_path / "rows.npz", **rows)
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PREDICT, store(sweep), tmp_path / "rows.npz",
         tmp_path, "models:/digits/1"],
        check=True, timeout=300, env={**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
    )  # fmt: skip
    expected = model.predict(rows, output="frame", prepared=False)
    given = pd.read_parquet(tmp_path / "0.parquet")
    pd.testing.assert_frame_equal(given, expected, check_exact=False, rtol=1e-6)


def test_another_network_is_another_model_and_the_old_one_is_marked(
    sent: Path, tmp_path: Path
) -> None:
    folder = tmp_path / sent.name
    shutil.copytree(sent, folder, ignore=shutil.ignore_patterns(".origin.json"))
    (sent / ".origin.json").unlink(missing_ok=True)  # the copy goes on in its place
    shutil.copy(sent.parent / "mlflow.db", tmp_path / "mlflow.db")
    used = Result(folder).load_model().info["trials"][0]
    shutil.rmtree(folder / "trials" / used / "best")
    assert send_to_tracking(folder).unsent == 0
    models = logged(folder)
    assert sorted(model.tags["recommended"] for model in models) == ["false", "true"]
    (new,) = [model for model in models if model.tags["recommended"] == "true"]
    assert new.params["trials"] != used


def test_the_config_registers_it_or_leaves_it_out(database: Path, tmp_path: Path) -> None:
    shutil.copy(database, tmp_path / "mlflow.db")
    sweep = kept_sweep(tmp_path)
    stored = load_config(sweep / CONFIG)
    without = override(stored, {"tracking.model": False})
    (sweep / CONFIG).write_text(to_yaml(without), encoding="utf-8")
    assert sweep_page(Result(sweep), draw=False).model is None
    named = override(stored, {"tracking.registered_model_name": "pairs"})
    (sweep / CONFIG).write_text(to_yaml(named), encoding="utf-8")
    assert send_to_tracking(sweep).unsent == 0
    versions = MlflowClient(store(sweep)).search_model_versions("name = 'pairs'")
    (model,) = logged(sweep)
    assert [(str(x.version), x.source) for x in versions] == [("1", model.artifact_location)]
    assert '"name": "pairs"' in model.tags["mlflow.modelVersions"]


def test_wrong_names_and_sweeps_without_networks_are_one_sentence(
    sent: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="name: MLflow refuses this"):
        Result(sent).register("a/b")
    with pytest.raises(ConfigError, match="alias: MLflow refuses this"):
        Result(sent).register("digits", "v1")
    bare = tmp_path / "bare"
    shutil.copytree(FINISHED, bare, ignore=shutil.ignore_patterns("trials"))
    with pytest.raises(SweepError, match="has kept no network"):
        Result(bare).register("digits")
