"""The commands of docker/compose.yaml as processes, each service on a machine of its own.

Command, environment, secrets, volumes and health checks are read from the file. A machine is a
network, a list of processes and a host name of its own, as in `tests.support.nodes`; of the disk it
has its own `/tmp/ray`, and all of it goes with its first process. Paths of containers stand for
folders here. What the official image of PostgreSQL does at its first start is done here.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import compose
from tests.support.nodes import _child, _in_net
from tests.support.repository import REPOSITORY

_NET = "10.218.0"
_NAMESPACES = ("--net", "--mount", "--uts", "--pid")
_OUTSIDE = "laptop"
# PostgreSQL refuses to run as root.
_AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")


@dataclass
class Machine:
    """One machine that has been started.

    Attributes:
        process: Which goes with it.
        inside: Beginning of a command that is to run on it.
        environment: Of its service.
        log: What its service prints.
    """

    process: subprocess.Popen[str]
    inside: list[str]
    environment: dict[str, str]
    log: Path

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command on it."""
        return subprocess.run(
            [*self.inside, *command],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def kill(self) -> None:
        """SIGKILL to everything on it."""
        self.process.kill()
        self.process.wait()


class Processes:
    """All services of the file.

    Args:
        folder: For volumes, secrets and logs; every user can reach it.
        variables: Values of the file's variables.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.volumes, self.secrets = folder / "volumes", folder / "secrets"
        self._folder = folder
        self._services = compose.services(variables)
        self._counts = {
            name: service["deploy"].get("replicas", 1) for name, service in self._services.items()
        }
        self._addresses = self._write_hosts()
        self._switch = _switch()
        self.machines: dict[str, Machine] = {}
        for name in compose.read(variables)["volumes"]:
            (self.volumes / name).mkdir(parents=True)

    def up(self) -> dict[str, float]:
        """Start everything; returns how many seconds each service took until it was healthy."""
        self._start(_OUTSIDE, ["sleep", "infinity"], {})
        seconds = {}
        for name, service in self._services.items():
            began = time.monotonic()
            command, environment = self._command(name, service)
            for number in range(1, self._counts[name] + 1):
                self._start(_numbered(name, number, self._counts), command, environment)
            self._wait_until_healthy(name)
            seconds[name] = time.monotonic() - began
        return seconds

    @property
    def outside(self) -> list[str]:
        """Beginning of a command that is to run beside the cluster."""
        return self.machines[_OUTSIDE].inside

    def stop(self) -> None:
        """End everything that was started here, and nothing else."""
        for machine in reversed(self.machines.values()):
            if machine.process.poll() is None:
                machine.kill()
        self._switch.kill()
        self._switch.wait()

    # ---------------------------------------------------------------- its parts

    def _command(self, name: str, service: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
        places = compose.mounts(service, self.volumes, self.secrets)
        environment = {
            variable: _moved(value, places)
            for variable, value in service.get("environment", {}).items()
        }
        if name == "postgres":
            return _database(self.volumes / "postgres", environment), environment
        return [_moved(word, places) for word in service["command"]], environment

    def _start(self, name: str, command: Sequence[str], extra: Mapping[str, str]) -> None:
        script = [
            "set -e",
            *(
                f"mount --bind {shlex.quote(str(self._folder / file))} /etc/{file}"
                for file in ("hosts", "resolv.conf")
            ),
            f"echo {name} > /proc/sys/kernel/hostname",
            "ip link set lo up",
            "mkdir -p /tmp/ray && mount -t tmpfs tmpfs /tmp/ray",
            "read go",
            f"exec {shlex.join(command)}",
        ]
        programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
        environment = {**kept, "PATH": programs, "PYTHONPATH": str(REPOSITORY), **extra}
        environment["RAY_USAGE_STATS_ENABLED"] = "0"
        enclosed = ["unshare", *_NAMESPACES, "--fork", "--kill-child", "--mount-proc"]
        log = self._folder / f"{name}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *enclosed, "sh", "-c", "\n".join(script)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                text=True,
                cwd="/",
                start_new_session=True,
            )
        first = _child(process.pid)
        inside = ["nsenter", "--target", str(first), *_NAMESPACES]
        self.machines[name] = Machine(process, inside, environment, log)
        self._connect(name, first)
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.close()

    def _connect(self, name: str, first: int) -> None:
        address = self._addresses[name]
        port = f"to-{address.rpartition('.')[2]}"
        peer = ["type", "veth", "peer", "name", "eth0", "netns", str(first)]
        _in_net(self._switch.pid, "ip", "link", "add", port, *peer)
        _in_net(self._switch.pid, "ip", "link", "set", port, "master", "switch", "up")
        _in_net(first, "ip", "address", "add", f"{address}/24", "dev", "eth0")
        _in_net(first, "ip", "link", "set", "eth0", "up")
        # A container has one, too: by it Ray finds the address of its node.
        _in_net(first, "ip", "route", "add", "default", "dev", "eth0")

    def _wait_until_healthy(self, name: str, timeout: float = 180) -> None:
        kind, *words = self._services[name]["healthcheck"]["test"]
        command = words if kind == "CMD" else ["sh", "-c", *words]
        end = time.monotonic() + timeout
        for number in range(1, self._counts[name] + 1):
            machine = self.machines[_numbered(name, number, self._counts)]
            while machine.run(command).returncode != 0:
                assert machine.process.poll() is None, machine.log.read_text()
                assert time.monotonic() < end, machine.log.read_text()
                time.sleep(0.2)

    def _write_hosts(self) -> dict[str, str]:
        names = [
            _numbered(name, number, self._counts)
            for name, count in self._counts.items()
            for number in range(1, count + 1)
        ]
        addresses = {name: f"{_NET}.{n}" for n, name in enumerate([*names, _OUTSIDE], start=1)}
        lines = ["127.0.0.1 localhost", *(f"{ip} {name}" for name, ip in addresses.items())]
        (self._folder / "hosts").write_text("\n".join(lines) + "\n")
        # gRPC asks for IPv6, too, by DNS: this server refuses at once, another would be waited for.
        (self._folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        return addresses


@contextmanager
def processes(variables: Mapping[str, str]) -> Iterator[Processes]:
    """All services of the file, with secrets of their own, and gone afterwards."""
    # Not below pytest's folder, which PostgreSQL's user cannot reach.
    folder = Path(tempfile.mkdtemp(prefix="compose-", dir="/tmp"))
    folder.chmod(0o755)
    shutil.copy(compose.COMPOSE.with_name("secrets.sh"), folder)
    subprocess.run(["sh", folder / "secrets.sh"], check=True, capture_output=True)
    (folder / "secrets").chmod(0o755)
    running = Processes(folder, variables)
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _numbered(name: str, number: int, counts: Mapping[str, int]) -> str:
    return name if counts[name] == 1 else f"{name}-{number}"


def _moved(text: str, places: Mapping[str, Path]) -> str:
    for path, place in places.items():
        text = text.replace(path, str(place))
    return text


def _database(folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Make the database as the official image does; returns the command that serves it."""
    user, name = environment["POSTGRES_USER"], environment["POSTGRES_DB"]
    shutil.chown(folder, "postgres")
    make = [f"--pgdata={folder}", f"--username={user}", "--no-sync", "--auth-local=trust"]
    password = f"--pwfile={environment['POSTGRES_PASSWORD_FILE']}"
    _quiet(["initdb", *make, "--auth-host=scram-sha-256", password])
    with (folder / "pg_hba.conf").open("a") as file:
        file.write("host all all all scram-sha-256\n")
    _quiet(["postgres", "--single", "-D", folder, "postgres"], f"CREATE DATABASE {name}")
    listen = ["-c", "listen_addresses=*", "-c", "unix_socket_directories="]
    serve = [*_AS_POSTGRES, "postgres", "-D", str(folder), *listen]
    # The first process stays root: one that changes its user does not end with its parent.
    return ["sh", "-c", f"{shlex.join(serve)}; exit"]


def _quiet(command: Sequence[object], text: str = "") -> None:
    done = subprocess.run(
        [*_AS_POSTGRES, *map(str, command)],
        input=text,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _switch() -> subprocess.Popen[str]:
    """A process with a network of its own, in which all cables end."""
    script = (
        "ip link add switch type bridge && ip link set switch up && echo ready && exec "
        "sleep infinity"
    )
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sh", "-c", script]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "ready\n"
    return process
