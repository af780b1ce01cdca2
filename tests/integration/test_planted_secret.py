"""Secrets that are planted in a config and in the environment are found nowhere afterwards.

One real sweep, with a trial that fails with a secret in its message, and its resume: on an MLflow
server with a password in its address, on a local Ray whose token the environment gives.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mtl_search import Result
from tests.support.sweeps import mtl_search, tiny

pytestmark = [pytest.mark.integration, pytest.mark.timeout(380)]

# In the address of MLflow; in a variable of its own; in a part of an address; in an address of
# data; of Ray; of MLflow's own variable; in a query.
PLANTED = {
    "uri": "plantedUriPassword1",
    "key": "plantedDataKey2",
    "host": "planted-host-3",
    "data": "plantedDataPassword4",
    "query": "plantedQueryToken5",
    "ray": "plantedRayToken6" * 2,
    "mlflow": "plantedMlflowPassword7",
}
_MODULE = """
import ray
from tests.support import parts

def data(url, key, seed=0):
    assert key == "{key}", "the variable does not arrive"
    return parts.points(240, seed)

def backbone(input_shape, mode="fine", key="", url=""):
    in_trial = ray.is_initialized() and ray._private.worker.global_worker.mode == ray.WORKER_MODE
    if mode == "raises" and in_trial:
        raise ValueError(f"cannot reach {{url}} with {{key}}")
    return parts.backbone(input_shape)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Iterator[str]:
    """HOST:PORT of an MLflow server, which keeps all in `store` of its folder."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(empty_store, folder / "mlflow.db")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    arguments = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--workers", "1"]
    arguments += ["--artifacts-destination", str(folder / "artifacts")]
    command = [sys.executable, "-m", "mlflow", "server", *arguments]
    command += ["--host", "127.0.0.1", "--port", host.partition(":")[2]]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    try:
        end = time.monotonic() + 90
        while not _answers(host):
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.2)
        yield host
    finally:
        os.killpg(process.pid, 15)
        process.wait(60)


def _answers(host: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{host}/health", timeout=1):
            return True
    except OSError:
        return False


@pytest.fixture
def ray_folder() -> Iterator[Path]:
    """The folder of Ray's sessions; its name is short, since sockets lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="pl-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _config(server: str) -> dict[str, object]:
    address = f"https://me:{PLANTED['data']}@data.test/${{PLANTED_HOST}}?token={PLANTED['query']}"
    return tiny(
        {
            "data": {"name": "mine:data", "url": address, "key": "${PLANTED_KEY}"},
            "model.backbone": {
                "name": "mine:backbone",
                "key": "${PLANTED_KEY}",
                "url": "https://me:${PLANTED_KEY}@${PLANTED_HOST}/x",
            },
            "search.space": {"model.backbone.mode": {"choice": ["fine", "raises"]}},
            "search.arms": ["search"],
            "search.trials": 4,
            "search.finalists.top": 0,
            "search.stop_after_failures": 99,
            "search.sampler": "random",
            "training.epochs": 1,
            "tracking.uri": f"http://me:{PLANTED['uri']}@{server}",
        }
    )


def test_a_planted_secret_is_found_nowhere(
    tmp_path: Path, server: str, ray_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (tmp_path / "mine.py").write_text(_MODULE.format(**PLANTED))
    # It would take the place of torch in the driver or in a worker.
    (tmp_path / "torch.py").write_text("open('executed', 'w').close()\nraise SystemExit\n")
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(_config(server)))
    environment = {
        "PLANTED_KEY": PLANTED["key"],
        "PLANTED_HOST": PLANTED["host"],
        "RAY_AUTH_TOKEN": PLANTED["ray"],
        "RAY_AUTH_MODE": "token",
        "MLFLOW_TRACKING_USERNAME": "me",
        "MLFLOW_TRACKING_PASSWORD": PLANTED["mlflow"],
        "RAY_TMPDIR": str(ray_folder),
    }
    first = mtl_search("run", "sweep.yaml", cwd=tmp_path, extra=environment)
    resumed = mtl_search(
        "run", "sweep.yaml", "--resume", "search.trials=6", cwd=tmp_path, extra=environment
    )
    shown = mtl_search("report", "--format", "json", cwd=tmp_path)  # without the variables
    wrong = mtl_search(
        "validate", "sweep.yaml", "data.other=${PLANTED_KEY}", cwd=tmp_path, extra=environment
    )
    assert (first.returncode, resumed.returncode, shown.returncode, wrong.returncode) == (
        0,
        0,
        0,
        2,
    ), first.stderr + resumed.stderr + shown.stderr

    sweep = tmp_path / "runs" / "tiny"
    record = Result(sweep).record
    reasons = [trial.reason for trial in record if trial.state == "FAIL"]
    assert reasons, "no trial has failed"
    assert "cannot reach https://me:${PLANTED_KEY}@${PLANTED_HOST}/x" in reasons[0]
    assert len(record.trials) == 6
    assert not (tmp_path / "executed").exists()
    assert list(ray_folder.rglob("*.out")), "these are not Ray's logs"

    (tmp_path / "sweep.yaml").unlink()
    (tmp_path / "mine.py").unlink()
    shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
    for name, run in {"first": first, "resumed": resumed, "shown": shown, "wrong": wrong}.items():
        (tmp_path / f"{name}.txt").write_text(run.stdout + run.stderr)
    database = next(tmp_path_factory.getbasetemp().glob("server*"))
    assert _found(tmp_path, database, ray_folder) == []
    assert _open_to_others(tmp_path / "runs") == []


def _found(*folders: Path) -> list[tuple[str, str]]:
    """Name of the secret and file, of each file in which one of them stands."""
    found = []
    for folder in folders:
        for file in folder.rglob("*"):
            if file.is_file() and not file.is_symlink():
                content = file.read_bytes()
                found += [(name, str(file)) for name, s in PLANTED.items() if s.encode() in content]
    return found


def _open_to_others(folder: Path) -> list[Path]:
    """All files and folders that are not for their owner alone."""
    return [
        path
        for path in [folder, *folder.rglob("*")]
        if stat.S_IMODE(path.lstat().st_mode) & 0o077 and not path.is_symlink()
    ]
