"""The calls to MLflow, also of several processes at once."""

from __future__ import annotations

import threading
from pathlib import Path

from mtl_search.tracking.links import open_client
from tests.support.recorded_sweeps import config


def test_racing_processes_make_one_experiment(sweep_dir: Path) -> None:
    problems: list[Exception] = []
    found: list[str] = []

    def open_it() -> None:
        try:
            found.append(open_client(config(), sweep_dir).experiment_id)
        except Exception as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(found) == 6
    assert len(set(found)) == 1
