"""optuna-dashboard opens the studies that are exported, and shows them in a browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

import mtl_search
from tests.support.job_cluster import free_port
from tests.support.repository import REPOSITORY

pytestmark = pytest.mark.integration

SWEEP = REPOSITORY / "tests" / "fixtures" / "sweeps" / "v0_1_finished"


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[str]:
    """Address of a dashboard with the studies of a recorded sweep."""
    file = tmp_path / "study.db"
    mtl_search.Result(SWEEP).export_optuna(file)
    port = free_port()
    program = Path(sys.executable).with_name("optuna-dashboard")
    command = [str(program), f"sqlite:///{file}", "--host", "127.0.0.1", "--port", str(port)]
    env = {**os.environ, "HOME": str(tmp_path)}  # its server keeps a socket there
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while not _answers(address):
        assert process.poll() is None, "the dashboard has ended"
        assert time.monotonic() < end, "the dashboard does not answer"
        time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        _get(f"{address}/api/studies")
    except OSError:
        return False
    return True


def _get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


def test_the_dashboard_shows_every_arm_with_its_trials(
    dashboard: str, need_program: Callable[[str], str]
) -> None:
    chromium = need_program("chromium")
    result = mtl_search.Result(SWEEP)
    found = _get(f"{dashboard}/api/studies")["study_summaries"]
    arms = {trial.arm for trial in result.record}
    assert {study["study_name"] for study in found} == {f"v0_1_finished/{arm}" for arm in arms}
    (search,) = [study for study in found if study["study_name"] == "v0_1_finished/search"]
    assert search["directions"] == ["maximize"]
    page = _get(f"{dashboard}/api/studies/{search['study_id']}")
    trials = result.record.arm("search")
    assert [trial["values"] for trial in page["trials"]] == [[t.objective] for t in trials]
    attributes = {item["key"]: item["value"] for item in page["trials"][1]["user_attrs"]}
    assert attributes["id"] == trials[1].id

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        faults: list[str] = []
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.goto(f"{dashboard}/dashboard/studies/{search['study_id']}")
        tab.get_by_text("Hyperparameter Importance").first.wait_for()
        best = max(range(len(trials)), key=lambda number: trials[number].best_objective)
        tab.get_by_text(f"Best Trial (number={best})").wait_for()
        browser.close()
    assert faults == []
