"""A Ray head with a job server and a token, a newcomer's folder outside of the repository, and a
cable between them that can be cut.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.repository import REPOSITORY
from tests.support.sweeps import MTL_SEARCH, descendants

_BIN = Path(sys.executable).parent


class Head:
    """A head that runs.

    Attributes:
        token: Which it asks for; empty where it asks for none.
        runs: The folder of its sweeps.
        address: Of its dashboard.
    """

    def __init__(self, folder: Path, cpus: int, agent_port: int | None, *, open_: bool) -> None:
        self.token = "" if open_ else secrets.token_hex(32)
        self.runs = folder / "runs"
        self._log = folder / "head.log"
        self._temporary = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
        self.agent_port = agent_port or free_port()
        dashboard = free_port()
        self.address = f"http://127.0.0.1:{dashboard}"
        command = [
            str(_BIN / "ray"), "start", "--head", "--block", "--node-ip-address=127.0.0.1",
            f"--port={free_port()}", f"--dashboard-port={dashboard}", "--dashboard-host=127.0.0.1",
            f"--dashboard-agent-listen-port={self.agent_port}", f"--num-cpus={cpus}",
            f"--ray-client-server-port={free_port()}", f"--temp-dir={self._temporary}",
            "--object-store-memory=100000000", "--disable-usage-stats", "--min-worker-port=0",
            "--max-worker-port=0",
        ]  # fmt: skip
        env = {
            **os.environ,
            "RAY_AUTH_MODE": "token" if self.token else "disabled",
            "RAY_AUTH_TOKEN": self.token,
            "PATH": f"{_BIN}:{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "MTL_SEARCH_RUNS": str(self.runs),
        }
        env.pop("RAY_ADDRESS", None)
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env=env, cwd="/", start_new_session=True,
            )  # fmt: skip

    @property
    def port(self) -> int:
        """Of its dashboard."""
        return int(self.address.rpartition(":")[2])

    def wait(self, timeout: float = 120) -> None:
        """Wait until its dashboard answers."""
        asked = urllib.request.Request(
            f"{self.address}/api/version", headers={"Authorization": f"Bearer {self.token}"}
        )
        end = time.monotonic() + timeout
        while True:
            assert self.process.poll() is None, self._log.read_text()
            with suppress(OSError), urllib.request.urlopen(asked, timeout=5):
                return
            assert time.monotonic() < end, self._log.read_text()
            time.sleep(0.2)

    def stop(self) -> None:
        """End it, and all that runs on it."""
        started = descendants(self.process.pid)
        self.process.kill()
        self.process.wait()
        for pid, _ in started:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self._temporary, ignore_errors=True)


@contextmanager
def head(
    folder: Path, cpus: int = 2, agent_port: int | None = None, *, open_: bool = False
) -> Iterator[Head]:
    """A head that is gone afterwards, with all that it started; an open one asks for no token."""
    running = Head(folder, cpus, agent_port, open_=open_)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Desk:
    """The machine of somebody who submits: a folder and a home of its own, outside of the
    repository.

    Args:
        folder: The folder.
        home: The home.
        token: The token of the cluster; empty for none.
    """

    def __init__(self, folder: Path, home: Path, token: str) -> None:
        self.folder, self.home, self.token = folder, home, token

    def environment(self, **changes: str) -> dict[str, str]:
        """The environment of its commands."""
        path = f"{_BIN}:{os.environ['PATH']}"
        token = {"RAY_AUTH_TOKEN": self.token} if self.token else {}
        here = {"HOME": str(self.home), "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"}
        quiet = {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
        return {"PATH": path, **quiet, **here, **token, **changes}

    def run(self, *arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run `mtl-search` to its end."""
        return subprocess.run(
            [str(MTL_SEARCH), *map(str, arguments)], cwd=self.folder, text=True, timeout=200,
            env=self.environment(**changes), capture_output=True, check=False,
        )  # fmt: skip

    @contextmanager
    def start(self, *arguments: object, log: Path) -> Iterator[subprocess.Popen[str]]:
        """Start `mtl-search`; its outputs go to a file, and to one beside it with `.err`."""
        with log.open("w") as file, log.with_suffix(".err").open("w") as errors:
            process = subprocess.Popen(
                [str(MTL_SEARCH), *map(str, arguments)], cwd=self.folder, text=True,
                env=self.environment(), stdout=file, stderr=errors,
            )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def python(self, script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a script to its end."""
        return subprocess.run(
            [sys.executable, "-c", script, *map(str, arguments)], cwd=self.folder, text=True,
            timeout=200, env=self.environment(), capture_output=True, check=False,
        )  # fmt: skip


class Cable:
    """A connection to a port of this machine by a port of its own, which can be cut and mended."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._ends: list[socket.socket] = []
        self._is_cut = False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it begins."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Cable:
        return self

    def __exit__(self, *exception: object) -> None:
        self.cut()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        for end in (*self._ends, self._server):
            end.close()

    def cut(self) -> None:
        """End all connections, and let nobody through."""
        self._is_cut = True
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if self._is_cut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._target))
            self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_copy, args=(source, sink), daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(65536):
            sink.sendall(content)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


PARTS: Sequence[tuple[str, str]] = (
    (
        "toy.py",
        """
import sys
import time
from pathlib import Path

import numpy as np
from shapes import WIDTH
from torch import nn

from mtl_search.data import DataSet, Target
from mtl_search.models.stage import Stage


# In driver and workers: a module of the package takes the place of no installed one.
assert str(Path(__file__).parent) == sys.path[-1], sys.path


def points(path):
    with np.load(path) as file:
        x = file["x"]
    rows = np.arange(len(x))
    return DataSet(
        inputs={"x": x},
        targets={
            "left": Target((x[:, 0] > 0).astype(int), "class", ("no", "yes")),
            "right": Target((x[:, 1] > 0).astype(int), "class", ("no", "yes")),
        },
        splits={"train": rows[:60], "validation": rows[60:80], "test": rows[80:]},
    )


class Slow(nn.Module):
    def __init__(self, pause, hurry):
        super().__init__()
        self.pause, self.hurry = pause, Path(hurry)

    def forward(self, x):
        if not self.hurry.is_file():
            time.sleep(self.pause)
        return x


def backbone(input_shape, pause=0.0, hurry="."):
    first = nn.Sequential(Slow(pause, hurry), nn.Linear(input_shape[0], WIDTH), nn.ReLU())
    return [Stage(first, WIDTH, "first")]
""",
    ),
    ("shapes.py", "WIDTH = 4\n"),
    ("unused.py", "SECRET = 1\n"),
    (
        "configs/toy.yaml",
        """
name: toy
data: {name: "toy:points", path: data/points.npz}
tasks:
  left: {head: softmax, metrics: accuracy}
  right: {head: softmax, metrics: accuracy}
model: {backbone: {name: "toy:backbone"}, sharing: {name: hard, depth: 1}}
training: {epochs: 2, batch_size: 60, optimizer: {name: adam, lr: 0.01}}
search:
  trials: 3
  arms: [equal]
  sampler: random
  finalists: {top: 0}
  space:
    training.optimizer.lr: {log: [1.0e-3, 1.0e-1]}
resources: {max_concurrent: 1}
tracking: {enabled: false}
""",
    ),
)


def furnish(folder: Path) -> None:
    """Write what a user has: a config, modules of which one is not needed, and data."""
    import numpy as np

    for name, text in PARTS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.lstrip())
    (folder / "data").mkdir()
    np.savez(folder / "data" / "points.npz", x=np.random.default_rng(0).normal(size=(100, 4)))
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("[core]\n")
