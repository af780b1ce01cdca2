"""Outages while a model is logged; the whole way is in tests/unit/api/test_logged_model.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ENDPOINT_NOT_FOUND

from mtl_search import Result
from mtl_search.api.tracked_page import sweep_page
from mtl_search.tracking import Tracker
from mtl_search.tracking.links import open_client
from mtl_search.tracking.models.logged import LoggedModels
from mtl_search.tracking.run_state import RunState
from tests.support.kept_sweeps import kept_sweep


def test_an_outage_leaves_one_model_and_an_old_store_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = kept_sweep(tmp_path)
    result = Result(sweep)
    tracker = Tracker(result.config, sweep, watch=False)
    tracker.start()
    assert tracker.close() == 0
    client = open_client(result.config, sweep)
    runs = {r.data.tags.get("mtl_search.trial", ""): r for r in client.find_runs(result.record.id)}
    ids = {trial: run.info.run_id for trial, run in runs.items() if trial}
    page = sweep_page(result, draw=False)
    assert page.model is not None
    models = LoggedModels(client, result.config)
    parent = RunState.of(runs[""])

    def fail(*arguments: Any) -> None:
        raise OSError("the store is away")

    with monkeypatch.context() as away:
        away.setattr(client, "log_model_files", fail)
        with pytest.raises(OSError, match="away"):
            models.publish(page, page.model, parent, ids)
    first = models.publish(page, page.model, parent, ids)
    assert str(first.status) == "READY"
    assert models.publish(page, page.model, parent, ids).model_id == first.model_id
    assert len(client.ask("search_logged_models", [client.experiment_id])) == 1

    def unknown(*arguments: Any) -> None:
        raise MlflowException("no such address", error_code=ENDPOINT_NOT_FOUND)

    monkeypatch.setattr(client, "ask", unknown)
    assert models.publish(page, page.model, parent, ids) is None
