"""The real containers of docker/: the image is built, compose.yaml is brought up, and sweeps are
submitted to it through its published ports. `make test-containers` runs it, in some minutes.

As root it makes its own podman and base images, by ../shared/containers/stand_in.sh.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from tests.support.containers import STAND_IN, Containers, run
from tests.support.repository import CONFIGS, REPOSITORY
from tests.support.submission import Outsider
from tests.support.sweeps import assert_sound, events

pytestmark = [pytest.mark.large, pytest.mark.integration, pytest.mark.timeout(1800)]

_IMAGE = "localhost/mtl-search:test"
_PYTHON, _POSTGRES = "localhost/python:3.11-slim", "localhost/postgres:15"
_CONFIG = "digit_pairs.yaml"
_SHORT = ["search.trials=6", "search.finalists.top=1", "search.finalists.seeds=2"]
_BEGAN = time.monotonic()


def _say(line: str) -> None:
    """One line of the transcript, with the seconds since the beginning."""
    sys.stdout.write(f"{time.monotonic() - _BEGAN:7.1f} s  {line}\n")
    sys.stdout.flush()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Of the dashboard and of MLflow, on this machine."""
    return _free_port(), _free_port()


@pytest.fixture(scope="module")
def image(need_program: Callable[[str], str]) -> str:
    need_program("podman-compose")
    if not STAND_IN.exists() or os.geteuid() != 0:
        pytest.skip(f"needs {STAND_IN} and root, to make podman and its base images")
    for step in (["install"], ["base", _PYTHON], ["postgres", _POSTGRES]):
        run([str(STAND_IN), *step])
    arguments = [f"--build-arg=PYTHON_IMAGE={_PYTHON}", "--build-arg=TORCH_INDEX="]
    dockerfile = f"--file={REPOSITORY / 'docker' / 'Dockerfile'}"
    build = [str(STAND_IN), "build", "--format=docker", *arguments, dockerfile, f"--tag={_IMAGE}"]
    done = subprocess.run(
        [*build, str(REPOSITORY)], capture_output=True, text=True, timeout=1500, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    _say(f"the image is built: {_IMAGE}")
    return _IMAGE


@pytest.fixture(scope="module")
def secrets() -> Iterator[Path]:
    folder = REPOSITORY / "docker" / "secrets"
    is_new = not folder.exists()
    run([str(REPOSITORY / "docker" / "secrets.sh")])
    yield folder
    if is_new:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def containers(image: str, secrets: Path, ports: tuple[int, int]) -> Iterator[Containers]:
    variables = {
        "MTL_SEARCH_IMAGE": image,
        "POSTGRES_IMAGE": _POSTGRES,
        "DASHBOARD_PORT": str(ports[0]),
        "MLFLOW_PORT": str(ports[1]),
        "WORKER_CPUS": "1",
    }
    program = shutil.which("podman-compose")
    assert program is not None
    project = Containers(program, f"mtl-search-test-{os.getpid()}", variables)
    try:
        seconds = project.up()
        took = ", ".join(f"{service} {value:.0f} s" for service, value in seconds.items())
        _say(f"all are healthy: {took}")
        _say("memory: " + ", ".join(f"{name} {used}" for name, used in project.memory().items()))
        yield project
    finally:
        project.down()


@pytest.fixture(scope="module")
def outsider(
    containers: Containers,
    secrets: Path,
    ports: tuple[int, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Outsider:
    folder = tmp_path_factory.mktemp("outside")
    shutil.copy(CONFIGS / _CONFIG, folder)
    return Outsider(folder, f"http://127.0.0.1:{ports[0]}", secrets / "ray_token")


def _wait_for(sweep: Path, condition: Callable[[SweepRecord], bool], timeout: float = 240) -> None:
    end = time.monotonic() + timeout
    while not (sweep / "journal.jsonl").exists() or not condition(
        read_record(sweep / "journal.jsonl")
    ):
        assert time.monotonic() < end, f"the sweep in {sweep} did not get there"
        time.sleep(0.2)


def _ended(record: SweepRecord) -> list[str]:
    return [trial.id for trial in record if trial.finished]


def _start(outsider: Outsider, name: str) -> str:
    began = time.monotonic()
    job = outsider.start(_CONFIG, *_SHORT, "--output", f"/sweeps/{name}")
    _say(f"sweep {name}: job {job}, submitted in {time.monotonic() - began:.1f} s")
    return job


def test_a_sweep_is_submitted_from_outside_and_found_in_mlflow(
    containers: Containers, outsider: Outsider, ports: tuple[int, int]
) -> None:
    began = time.monotonic()
    told = outsider.submit(_CONFIG, "--output", "/sweeps/first", timeout=600)
    _say(f"sweep first: submitted and followed to its end in {time.monotonic() - began:.1f} s")
    assert "MLflow: http://mlflow:5000, from the environment variable MLFLOW_TRACKING_URI" in told
    record = assert_sound(containers.volume("sweeps") / "first")
    client = MlflowClient(f"http://127.0.0.1:{ports[1]}")
    experiment = client.get_experiment_by_name("digit_pairs")
    assert experiment is not None
    query = f"tags.`mtl_search.sweep` = '{record.id}'"
    runs = client.search_runs([experiment.experiment_id], query, max_results=1000)
    assert len(runs) == 1 + len(list(record))
    assert {run.info.status for run in runs} == {"FINISHED"}
    (database,) = containers.names("postgres")
    question = f"SELECT count(*) FROM tags WHERE key = 'mtl_search.sweep' AND value = '{record.id}'"
    psql = ["psql", "--username=mlflow", "--dbname=mlflow", "--tuples-only"]
    assert int(containers.inside(database, *psql, f"--command={question}")) == len(runs)
    hosts = {trial.info.get("node") for trial in record} - {None}
    _say(f"sweep first: {len(_ended(record))} trials on {len(hosts)} nodes, as many runs in MLflow")


def test_its_report_is_fetched(containers: Containers, outsider: Outsider) -> None:
    """This machine sees no `/sweeps`: a job sends the files."""
    began = time.monotonic()
    report = outsider.asked("result")
    took = time.monotonic() - began
    record = read_record(containers.volume("sweeps") / "first" / "journal.jsonl")
    assert report["sweep"]["complete"] is True
    assert report["sweep"]["id"] == record.id
    _say(f"sweep first: its report fetched in {took:.1f} s")


def test_a_worker_that_is_killed_costs_no_trial(containers: Containers, outsider: Outsider) -> None:
    sweep = containers.volume("sweeps") / "second"
    job = _start(outsider, "second")
    _wait_for(sweep, lambda record: len(_ended(record)) >= 3)
    victim = containers.names("worker")[1]
    containers.kill(victim)
    _say(f"sweep second: {victim} killed")
    outsider.follow(job, timeout=600)
    record = assert_sound(sweep)
    _say(f"sweep second: {len(_ended(record))} trials ended, none lost")
    run(["podman", "--runtime", "runc", "start", victim])
    containers.wait_until_healthy("worker")


def test_a_sweep_that_is_stopped_goes_on(containers: Containers, outsider: Outsider) -> None:
    sweep = containers.volume("sweeps") / "third"
    job = _start(outsider, "third")
    _wait_for(sweep, lambda record: len(_ended(record)) >= 5)
    began = time.monotonic()
    go_on = outsider.stop(job)
    assert outsider.asked("status", job)["state"] == "STOPPED"
    before = events(sweep)
    ended = _ended(read_record(sweep / "journal.jsonl"))
    _say(f"sweep third: stopped in {time.monotonic() - began:.1f} s with {len(ended)} trials ended")
    _say(f"sweep third: mtl-search {' '.join(go_on)}")
    outsider.good(*go_on, timeout=600)
    assert events(sweep)[: len(before)] == before
    record = assert_sound(sweep)
    _say(f"sweep third: resumed, {len(_ended(record))} trials in all, none of them run again")


def test_nothing_is_left(containers: Containers, ports: tuple[int, int]) -> None:
    assert len(containers.names()) == 5
    containers.down()
    assert containers.names() == []
    assert containers.volumes() == []
    assert all(map(_is_free, ports))
    _say("taken down: no container, volume or port is left")
