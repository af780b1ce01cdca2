from __future__ import annotations

import json
from pathlib import Path

from mlflow import MlflowClient

from mtl_search.tracking.links import open_client
from mtl_search.tracking.models.registry import register_version
from tests.support.recorded_sweeps import config


def test_one_model_is_one_version_and_its_page_lists_it(tmp_path: Path) -> None:
    client = open_client(config(), tmp_path / "runs" / "demo")
    store = MlflowClient(client.uri)
    run = client.create_run("demo", {}, 0)
    made = [store.create_logged_model(client.experiment_id, f"m{n}", run) for n in range(2)]
    first, second = (store.get_logged_model(model.model_id) for model in made)
    assert register_version(client, first, "it's one") == "1"
    assert register_version(client, first, "it's one", ("champion",)) == "1"
    assert register_version(client, second, "it's one", ("champion",)) == "2"
    assert str(store.get_model_version_by_alias("it's one", "champion").version) == "2"
    tags = store.get_logged_model(first.model_id).tags
    assert json.loads(tags["mlflow.modelVersions"]) == [{"name": "it's one", "version": "1"}]
