"""The commands that the containers of docker/compose.yaml run, as processes on machines of their
own: PostgreSQL, MLflow, a head with token authentication, and two workers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mtl_search.storage.journal import read_record
from tests.support.compose_processes import Processes, processes
from tests.support.submission import Outsider
from tests.support.sweeps import assert_sound, finished, write_config

pytestmark = [pytest.mark.slow, pytest.mark.integration]


@pytest.fixture(scope="module")
def running(need_namespaces: None, need_program: Callable[[str], str]) -> Iterator[Processes]:
    for program in ("wget", "initdb", "postgres", "pg_isready", "psql"):
        need_program(program)
    with processes({"WORKER_CPUS": "1"}) as started:
        seconds = started.up()
        assert list(seconds) == ["postgres", "mlflow", "head", "worker"]
        yield started


@pytest.fixture(scope="module")
def outsider(running: Processes, tmp_path_factory: pytest.TempPathFactory) -> Outsider:
    changes = {
        "resources.max_concurrent": "auto",
        "search.trials": 3,
        "search.arms": ["equal", "search"],
        "search.finalists": {"top": 0},
    }
    folder = tmp_path_factory.mktemp("outside")
    write_config(folder, changes)
    inside = [*running.outside, f"--wdns={folder}"]
    return Outsider(folder, "http://head:8265", running.secrets / "ray_token", inside)


def _query(running: Processes, question: str) -> str:
    """What PostgreSQL answers."""
    password = (running.secrets / "postgres_password").read_text()
    connection = f"host=127.0.0.1 user=mlflow dbname=mlflow password={password}"
    done = running.machines["postgres"].run(["psql", connection, "-tAc", question])
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_sweep_that_loses_a_worker_is_whole_and_found_in_postgresql(
    running: Processes, outsider: Outsider
) -> None:
    sweep = running.volumes / "sweeps" / "ours"
    job = outsider.start("tiny.yaml", "--output", sweep)
    end = time.monotonic() + 120
    while not finished(read_record(sweep / "journal.jsonl"), ""):
        assert time.monotonic() < end, outsider.jobs("logs", job)
        time.sleep(0.1)
    running.machines["worker-2"].kill()
    log = outsider.follow(job, timeout=240)
    assert "MLflow: http://mlflow:5000, from the environment variable MLFLOW_TRACKING_URI" in log
    record = assert_sound(sweep)
    ours = f"SELECT run_uuid FROM tags WHERE key = 'mtl_search.sweep' AND value = '{record.id}'"
    states = f"SELECT status, count(*) FROM runs WHERE run_uuid IN ({ours}) GROUP BY status"
    assert _query(running, states) == f"FINISHED|{1 + len(list(record))}"
    assert any(path.is_file() for path in (running.volumes / "artifacts").rglob("*"))


def test_secrets_are_in_no_log_in_no_file_of_the_sweep_and_not_with_its_job(
    running: Processes, outsider: Outsider
) -> None:
    secrets = [file.read_bytes() for file in running.secrets.iterdir()]
    logs = [machine.log for machine in running.machines.values()]
    files = [path for path in (running.volumes / "sweeps").rglob("*") if path.is_file()]
    assert len(files) > 3
    leaks = [path for path in [*logs, *files] for one in secrets if one in path.read_bytes()]
    assert leaks == []
    listed = outsider.jobs("list", "--format", "json")
    assert [job["state"] for job in json.loads(listed)] == ["SUCCEEDED"]
    assert [one for one in secrets if one.decode() in listed] == []


def test_a_wrong_token_gets_no_answer(outsider: Outsider, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("0" * 64)
    stranger = replace(outsider, token=tmp_path / "token")
    done = stranger.run("jobs", "list", "--address", stranger.address)
    assert done.returncode == 2
    assert "http://head:8265 does not accept the token that is here" in done.stderr
