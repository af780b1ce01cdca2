"""What is written at once is what MLflow's own client writes."""

from __future__ import annotations

import math
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtl_search.tracking.client import TrackingClient
from mtl_search.tracking.mapping import MetricPoint
from mtl_search.tracking.store.ended_run import EndedRun
from mtl_search.tracking.store.sqlite_writer import SqliteWriter

POINTS = (
    MetricPoint("best/val/skill", 61.5, 1_700_000_009_000, 0),
    MetricPoint("val/loss", 0.5, 1_700_000_001_000, 1),
    MetricPoint("val/loss", 0.25, 1_700_000_002_000, 2),
    MetricPoint("val/loss", 0.125, 1_700_000_002_000, 2),  # which one is the latest?
    MetricPoint("val/loss", 0.5, 1_700_000_001_000, 1),  # sent again
    MetricPoint("train/loss", math.nan, 1_700_000_001_000, 1),
    MetricPoint("train/gain", math.inf, 1_700_000_001_000, 1),
    MetricPoint("train/gain", -math.inf, 1_700_000_002_000, 2),
    MetricPoint("epoch", 2.0, 1_700_000_002_000, 2),
)
RUN = EndedRun(
    name="search-0000",
    tags={"mtl_search.sweep": "s", "mtl_search.trial": "search-0000", "mlflow.user": "ada"},
    params={"training.optimizer.lr": "0.01", "empty": ""},
    points=POINTS,
    status="FINISHED",
    started=1_700_000_000_000,
    ended=1_700_000_010_000,
)
RUNS = [
    RUN,
    replace(RUN, name="search-0001", tags={"mtl_search.sweep": "s"}, status="FAILED", points=()),
    replace(RUN, name="search-0002", params={}, points=POINTS[:1]),
]


@pytest.fixture
def clients(tmp_path: Path, empty_database: Path) -> list[TrackingClient]:
    """Two stores with the same experiment."""
    files = [tmp_path / "first.db", tmp_path / "second.db"]
    for file in files:
        shutil.copy(empty_database, file)
    return [TrackingClient(f"sqlite:///{file}", "demo", tmp_path / "artifacts") for file in files]


def rows(client: TrackingClient) -> dict[str, list[Any]]:
    """All rows of the database's tables, with the names of runs in place of their ids."""
    with closing(sqlite3.connect(client.uri.removeprefix("sqlite:///"))) as database:
        names = dict(database.execute("SELECT run_uuid, name FROM runs"))
        tables = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        found = {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    for name, its_rows in found.items():
        texts = [repr(row) for row in its_rows]
        for number, run in names.items():
            texts = [text.replace(number, run) for text in texts]
        found[name] = sorted(texts)
    found.pop("experiments")  # they were made at another time
    return found


def test_the_database_is_the_one_that_the_client_makes(clients: list[TrackingClient]) -> None:
    one_by_one, at_once = clients
    for run in RUNS:
        made = one_by_one.create_run(run.name, run.tags, run.started)
        one_by_one.send(made, run.points, run.params)
        one_by_one.set_status(made, run.status, run.ended)
    assert len(at_once.create_ended_runs(RUNS)) == len(RUNS)
    assert len(rows(at_once)["metrics"]) == 9
    assert rows(at_once) == rows(one_by_one)


def test_all_runs_arrive_or_none(clients: list[TrackingClient]) -> None:
    client = clients[0]
    before = rows(client)
    wrong: Any = {"depth": None}  # a param has a value
    with pytest.raises(Exception, match="NOT NULL"):
        client.create_ended_runs([RUN, replace(RUN, params=wrong)])
    assert rows(client) == before


def test_a_deleted_experiment_takes_none(clients: list[TrackingClient]) -> None:
    client = clients[0]
    client.change("delete_experiment", client.experiment_id)
    with pytest.raises(Exception, match="is not active"):
        client.create_ended_runs([RUN])


def test_tables_that_are_not_known_are_left_to_mlflow(
    clients: list[TrackingClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.store.db.base_sql_model import Base
    from sqlalchemy import Column, Integer, MetaData, Table

    other = MetaData()
    for name in ("runs", "tags", "params", "metrics", "latest_metrics"):
        Base.metadata.tables[name].to_metadata(other)
    assert SqliteWriter.of(clients[0]._client) is not None
    monkeypatch.setattr(Base, "metadata", other)
    assert SqliteWriter.of(clients[0]._client) is not None
    Table("runs", other, Column("cost", Integer), extend_existing=True)
    assert SqliteWriter.of(clients[0]._client) is None


def test_a_server_is_left_to_mlflow() -> None:
    from mlflow.tracking import MlflowClient

    assert SqliteWriter.of(MlflowClient("http://127.0.0.1:9")) is None
