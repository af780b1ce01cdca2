"""MLflow on PostgreSQL: stopped during a sweep, slow, and its pages in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl_search.api.result import Result
from mtl_search.api.tracked_page import sweep_page
from mtl_search.config import to_yaml
from mtl_search.tracking import Tracker, find_addresses, send_missing
from tests.support.mlflow_proxy import Proxy
from tests.support.mlflow_runs import of_server
from tests.support.mlflow_server import MlflowServer, database, query
from tests.support.recorded_sweeps import Builder, wait_until, whole


@pytest.fixture(scope="module")
def store(need_program: Callable[[str], str]) -> Iterator[str]:
    need_program("initdb")
    need_program("postgres")
    with database() as address:
        yield address


@pytest.fixture(scope="module")
def server(store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    running = MlflowServer(store, tmp_path_factory.mktemp("mlflow"))
    running.start()
    yield running
    running.stop()


def trials(builder: Builder, first: int, last: int) -> None:
    for number in range(first, last):
        builder.trial("search", number, 0.5 + 0.01 * number, epochs=5)


def check_points(store: str, experiment: str, builder: Builder) -> None:
    """Every run and every point is in the database, once."""
    of_experiment = (
        "run_uuid in (select run_uuid from runs join experiments using (experiment_id) "
        f"where experiments.name = '{experiment}')"
    )
    runs = query(store, f"select count(*), count(distinct name) from runs where {of_experiment}")
    expected = len(builder.sweep_record.trials) + 1
    assert runs == [(expected, expected)]
    statuses = query(store, f"select distinct status from runs where {of_experiment}")
    assert statuses == [("FINISHED",)]
    doubles = "select count(*) from metrics where {} group by run_uuid, key, step having count(*)>1"
    assert query(store, doubles.format(of_experiment)) == []
    for key in ("val/left/accuracy", "train/same/loss", "epoch"):
        (found,) = query(
            store, f"select count(*) from metrics where {of_experiment} and key = '{key}'"
        )
        epochs = sum(
            1
            for trial in builder.sweep_record
            for epoch in trial.epochs
            if key in epoch.metrics or key == "epoch"
        )
        assert found == (epochs,), key
    (steps,) = query(
        store,
        f"select min(step), max(step), count(*) from metrics where {of_experiment} "
        "and key = 'trials_ended'",
    )
    assert steps == (1, expected - 1, expected - 1)


def test_a_server_that_is_stopped_during_a_sweep_has_all_once(
    server: MlflowServer, store: str, tmp_path: Path
) -> None:
    tracker = Tracker(of_server(server.url, "stopped"), tmp_path / "stopped", flush_s=0.1)
    tracker.start()
    builder = Builder(tmp_path / "stopped" / "journal.jsonl", observers=[tracker.observe]).sweep()
    trials(builder, 0, 10)
    wait_until(lambda: tracker.unsent < 20)  # it is stopped in the middle of sending
    server.stop()
    trials(builder, 10, 20)
    wait_until(lambda: bool(tracker.degraded))
    server.start()
    trials(builder, 20, 30)
    builder.done()
    assert tracker.close() == 0
    check_points(store, "stopped", builder)


@pytest.mark.large
def test_a_slow_server_has_all_once(server: MlflowServer, store: str, tmp_path: Path) -> None:
    proxy = Proxy(server.port)
    try:
        tracker = Tracker(of_server(proxy.url, "slow"), tmp_path / "slow", flush_s=0.1)
        tracker.start()
        builder = Builder(tmp_path / "slow" / "journal.jsonl", observers=[tracker.observe]).sweep()
        proxy.delay = 0.05
        trials(builder, 0, 30)
        builder.done()
        assert tracker.close(patience=5) == 0
    finally:
        proxy.stop()
    check_points(store, "slow", builder)


def test_the_named_view_and_the_description_in_a_browser(
    server: MlflowServer, tmp_path: Path, need_program: Callable[[str], str]
) -> None:
    chromium = need_program("chromium")
    browsers = pytest.importorskip("playwright.sync_api")
    settings = of_server(server.url, "seen")
    (tmp_path / "config.yaml").write_text(to_yaml(settings))
    whole(Builder(tmp_path / "journal.jsonl").sweep(name="seen").scales(), trials=2, seeds=3)
    page = sweep_page(Result(tmp_path), draw=False)
    assert send_missing(tmp_path, page=page).unsent == 0
    addresses = find_addresses(settings, tmp_path)
    with browsers.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            _check_table(browser.new_page(), addresses.table, page.sentence)
            _check_charts(browser.new_page(), addresses.view)
        finally:
            browser.close()


def _check_table(page: Any, address: str, sentence: str) -> None:
    page.goto(address)
    for arm in ("search", "equal", "single/left"):
        page.get_by_text(f"Group: {arm}", exact=True).first.wait_for(timeout=30_000)
    assert page.get_by_text(sentence[:40]).first.is_visible()
    assert not page.get_by_text("final-search-0000", exact=True).count()  # groups are folded
    assert page.get_by_text("15 matching runs").count() or page.get_by_text("15").count()


def _check_charts(page: Any, address: str) -> None:
    page.goto(address)
    page.get_by_text("on the test split").first.wait_for(timeout=30_000)
    page.get_by_text("validation by epoch").first.wait_for(timeout=30_000)
