"""Ray clusters of several nodes on one machine, each started by `ray start`, and commands that run
on a node.

As root, every node is as much a machine of its own as Linux allows: it has its own processes,
network (an address, and a cable to a switch that can be cut), host name, and view of the disk, in
which nothing of the folder for temporary files is there but what the test says is shared. All of it
lives in namespaces that go with the node's processes: nothing of this machine's own network or disk
is touched, and nothing is left when the test's process dies.

Elsewhere, and where MTL_SEARCH_PLAIN_NODES is set, nodes are plain processes with addresses of
their own on the loopback device.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from tests.support.repository import REPOSITORY
from tests.support.sweeps import descendants, running_processes, titled

_RAY = str(Path(sys.executable).with_name("ray"))
_NAMESPACES = ("--net", "--mount", "--uts", "--pid")
_NET = "10.217.0"
_MOST = 9

# How soon a node that is gone counts as dead: by default 15 seconds, a minute when its cable is
# cut.
_HEALTH = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 5000,
    "health_check_failure_threshold": 3,
}


@cache
def enclosed() -> bool:
    """Whether nodes are machines of their own here, and not plain processes."""
    if os.environ.get("MTL_SEARCH_PLAIN_NODES"):
        return False
    probe = [
        "unshare",
        *_NAMESPACES,
        "--fork",
        "--mount-proc",
        "ip",
        "link",
        "add",
        "probe",
        "type",
        "bridge",
    ]
    tools = ("unshare", "nsenter", "setpriv", "ip")
    return (
        all(map(shutil.which, tools))
        and subprocess.run(probe, capture_output=True, check=False).returncode == 0
    )


class Node:
    """One node that has been started.

    Attributes:
        process: Which goes with the node.
        ip: Its address, by which Ray knows it.
    """

    def __init__(
        self, process: subprocess.Popen[str], ip: str, enter: Sequence[str], port: str = ""
    ) -> None:
        self.process, self.ip, self._enter, self._port = process, ip, list(enter), port

    def inside(self, cwd: Path) -> list[str]:
        """Beginning of a command that is to run on the node, in this folder."""
        return [*self._enter, str(cwd)] if self._enter else []

    def runs(self, title: str) -> bool:
        """Whether one of its processes calls itself so."""
        return bool(set(titled(title)) & {pid for pid, _ in descendants(self.process.pid)})

    def kill(self, switch: subprocess.Popen[str] | None = None) -> None:
        """SIGKILL to everything on it; with the switch, its cable is cut first, so that nobody
        hears a farewell.
        """
        if switch is not None:
            _in_net(switch.pid, "ip", "link", "set", self._port, "down")
        processes = descendants(self.process.pid)
        # with it goes the first process of the node's own, and with that all others
        self.process.kill()
        for pid, _ in [] if enclosed() else processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        end = time.monotonic() + 20
        while left := processes & running_processes():
            assert time.monotonic() < end, f"outlived their node: {left}"
            time.sleep(0.05)


class Nodes:
    """A cluster; the first node is its head.

    Args:
        folder: For logs.
        shared: The folders that all nodes see; all others below the folder for temporary files are
            the head's alone.
        takes_jobs: Whether the head has a dashboard, on the loopback device of its own.
    """

    def __init__(self, folder: Path, shared: Sequence[Path], *, takes_jobs: bool = False) -> None:
        self._folder, self._shared = folder, list(shared)
        self._dashboard_port = _free_port() if takes_jobs else 0
        self._temporary = Path(
            tempfile.mkdtemp(prefix="ray-", dir="/tmp")
        )  # paths of sockets must be short
        self._token = secrets.token_hex(32)
        self._nodes: list[Node] = []
        self._count = 0
        self.switch = self._start_switch() if enclosed() else None
        self._gcs_port = 6379 if enclosed() else _free_port()

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"{self._nodes[0].ip}:{self._gcs_port}"

    @property
    def dashboard(self) -> str:
        """Where jobs are submitted, for a process on the head."""
        return f"http://127.0.0.1:{self._dashboard_port}"

    @property
    def head(self) -> Node:
        """The first node."""
        return self._nodes[0]

    @property
    def environment(self) -> dict[str, str]:
        """What a process on a node needs beside its own; of the token a shell has no more than
        this.
        """
        return {"RAY_AUTH_TOKEN": self._token, "PYTHONPATH": str(REPOSITORY)}

    def start(self, cpus: int) -> Node:
        """One more node, which the cluster knows when this returns."""
        self._count += 1
        assert self._count <= _MOST
        command = self._ray_start(cpus)
        node = self._enclosed(command) if self.switch is not None else self._plain(command)
        self._nodes.append(node)
        self._wait(node)
        return node

    def free_cpus(self) -> tuple[float, float]:
        """CPUs that nobody uses, and all CPUs of the nodes that live."""
        script = (
            "import ray; ray.init('auto', logging_level='ERROR');"
            "from tests.support.free_cpus import free_cpus; print(*free_cpus())"
        )
        env = {
            **os.environ,
            **self.environment,
            "RAY_AUTH_MODE": "token",
            "RAY_ADDRESS": self.address,
        }
        command = [*self.head.inside(self._folder), sys.executable, "-W", "ignore", "-c", script]
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=120, check=True
        )
        free, total = done.stdout.split()[-2:]
        return float(free), float(total)

    def stop(self) -> None:
        """End everything that was started here, and nothing else."""
        for node in reversed(self._nodes):
            if node.process.poll() is None:
                node.kill()
        if self.switch is not None:
            self.switch.kill()
            self.switch.wait()
        shutil.rmtree(self._temporary, ignore_errors=True)

    # ---------------------------------------------------------------- its parts

    def _ray_start(self, cpus: int) -> list[str]:
        own = f"{_NET}.{self._count}" if enclosed() else f"127.0.0.{self._count + 1}"
        command = [
            _RAY,
            "start",
            "--block",
            f"--node-ip-address={own}",
            f"--num-cpus={cpus}",
            f"--temp-dir={self._temporary / str(self._count)}",
            "--object-store-memory=100000000",
            "--disable-usage-stats",
            "--include-log-monitor=false",
            "--dashboard-agent-listen-port=0",
            "--min-worker-port=0",
            "--max-worker-port=0",
        ]
        if self._nodes:
            return [*command, f"--address={self.address}"]
        client = f"--ray-client-server-port={_free_port()}"
        quick = f"--system-config={json.dumps(_HEALTH)}"
        return [
            *command,
            "--head",
            f"--port={self._gcs_port}",
            client,
            *self._jobs(),
            quick,
        ]

    def _jobs(self) -> list[str]:
        if not self._dashboard_port:
            return ["--include-dashboard=false"]
        return ["--dashboard-host=127.0.0.1", f"--dashboard-port={self._dashboard_port}"]

    def _log(self) -> Path:
        return self._folder / f"node{self._count}.log"

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[str]:
        environment = {**os.environ, **self.environment, "RAY_AUTH_MODE": "token"}
        # A job finds its command there.
        environment["PATH"] = f"{Path(_RAY).parent}:{environment['PATH']}"
        environment.pop("RAY_ADDRESS", None)
        with self._log().open("w") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                text=True,
                cwd="/",
                start_new_session=True,
            )

    def _plain(self, command: Sequence[str]) -> Node:
        return Node(self._spawn(command), f"127.0.0.{self._count + 1}", ())

    def _enclosed(self, command: Sequence[str]) -> Node:
        """Ray begins when the network is there, which needs the number of a process inside."""
        assert self.switch is not None
        ip, name = f"{_NET}.{self._count}", f"node{self._count}"
        hosts = self._folder / "hosts"
        hosts.write_text(
            "127.0.0.1 localhost\n" + "".join(f"{_NET}.{n} node{n}\n" for n in range(1, _MOST + 1))
        )
        script = ["set -e", f"mount --bind {shlex.quote(str(hosts))} /etc/hosts"]
        script += [f"echo {name} > /proc/sys/kernel/hostname", "ip link set lo up"]
        script += self._seclusion() if self._nodes else []
        script += ["read go", f"exec {shlex.join(command)}"]
        unshare = [
            "setpriv",
            "--pdeathsig",
            "KILL",
            "unshare",
            *_NAMESPACES,
            "--fork",
            "--kill-child",
            "--mount-proc",
        ]
        process = self._spawn([*unshare, "sh", "-c", "\n".join(script)])
        first = _child(process.pid)
        port = f"to-{name}"
        _in_net(
            self.switch.pid,
            "ip",
            "link",
            "add",
            port,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            str(first),
        )
        _in_net(self.switch.pid, "ip", "link", "set", port, "master", "switch", "up")
        _in_net(first, "ip", "address", "add", f"{ip}/24", "dev", "eth0")
        _in_net(first, "ip", "link", "set", "eth0", "up")
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.close()
        enter = [
            "nsenter",
            "--target",
            str(first),
            *_NAMESPACES,
            "sh",
            "-c",
            'cd "$0" && exec "$@"',
        ]
        return Node(process, ip, enter, port)

    def _seclusion(self) -> list[str]:
        """Commands that hide the folder for temporary files, but for what all nodes share."""
        hidden = Path(tempfile.gettempdir()).resolve()
        needed = [*self._shared, REPOSITORY, Path(sys.prefix), Path(sys.base_prefix)]
        kept = [
            shlex.quote(str(path))
            for path in dict.fromkeys(needed)
            if hidden in path.resolve().parents
        ]
        lines = ["mount -t tmpfs tmpfs /mnt"]
        for number, path in enumerate(kept):
            lines += [f"mkdir /mnt/{number}", f"mount --bind {path} /mnt/{number}"]
        lines.append(f"mount -t tmpfs tmpfs {hidden}")
        for number, path in enumerate(kept):
            lines += [f"mkdir -p {path}", f"mount --move /mnt/{number} {path}"]
        return lines

    def _start_switch(self) -> subprocess.Popen[str]:
        script = (
            "ip link add switch type bridge && ip link set switch up && echo ready && exec "
            "sleep infinity"
        )
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sh", "-c", script]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert process.stdout is not None
        with process.stdout:
            assert process.stdout.readline() == "ready\n"
        return process

    def _wait(self, node: Node, timeout: float = 120) -> None:
        end = time.monotonic() + timeout
        while (
            "Ray runtime started" not in self._log().read_text()
        ):  # which it says after the head has heard of it
            assert node.process.poll() is None, self._log().read_text()
            assert time.monotonic() < end, self._log().read_text()
            time.sleep(0.1)


@contextmanager
def cluster(folder: Path, shared: Sequence[Path], *, takes_jobs: bool = False) -> Iterator[Nodes]:
    """A cluster without nodes, which is gone afterwards with all that was started on it."""
    nodes = Nodes(folder, shared, takes_jobs=takes_jobs)
    try:
        yield nodes
    finally:
        nodes.stop()


def _child(pid: int) -> int:
    """The process that `unshare` starts as the first one in its namespaces."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children:
            return int(children[0])
        time.sleep(0.01)
    raise AssertionError("no process began in the node's namespaces")


def _in_net(pid: int, *command: str) -> None:
    """Run a command in the network of a process."""
    subprocess.run(["nsenter", "--target", str(pid), "--net", *command], check=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
