"""The containers of docker/compose.yaml, brought up for real by podman-compose.

Podman without systemd asks no health check by itself, and podman-compose does not wait for them
then. So services are started one after another here, as `depends_on` says, each when the health
checks of those before it are good.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support import compose
from tests.support.repository import REPOSITORY

STAND_IN = REPOSITORY.parent / "shared" / "containers" / "stand_in.sh"
_PODMAN = ("podman", "--runtime", "runc")


class Containers:
    """All containers of the file.

    Args:
        program: podman-compose.
        project: Name of the project, with which names of containers and volumes begin.
        variables: Values of the file's variables.
    """

    def __init__(self, program: str, project: str, variables: Mapping[str, str]) -> None:
        self.project = project
        self._variables = dict(variables)
        flags = run([str(STAND_IN), "flags"]).split()
        self._compose = [
            program,
            "--podman-args=--runtime runc",
            f"--podman-run-args={' '.join(flags)}",
            f"--project-name={project}",
            f"--file={compose.COMPOSE}",
        ]

    def up(self) -> dict[str, float]:
        """Start everything; returns how many seconds each service took until it was healthy."""
        seconds = {}
        for service in compose.services(self._variables):
            began = time.monotonic()
            self._run("up", "--detach", "--no-build", "--no-deps", service)
            self.wait_until_healthy(service)
            seconds[service] = time.monotonic() - began
        return seconds

    def wait_until_healthy(self, service: str, timeout: float = 300) -> None:
        """Ask the health check of each container of a service until it is good."""
        end = time.monotonic() + timeout
        for name in self.names(service):
            while not self.is_healthy(name):
                assert time.monotonic() < end, f"{name} is not well:\n{self.logs(name)}"
                time.sleep(1)

    def is_healthy(self, name: str) -> bool:
        """Whether the container's own health check is good."""
        command = [*_PODMAN, "healthcheck", "run", name]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def names(self, service: str = "") -> list[str]:
        """Names of the containers of a service, or of all; those that have ended are among them."""
        label = f"label=io.podman.compose.project={self.project}"
        wanted = ["--filter", label]
        if service:
            wanted += ["--filter", f"label=com.docker.compose.service={service}"]
        return run([*_PODMAN, "ps", "--all", "--format", "{{.Names}}", *wanted]).split()

    def volumes(self) -> list[str]:
        """Names of the project's volumes."""
        names = run([*_PODMAN, "volume", "ls", "--format", "{{.Name}}"]).split()
        return [name for name in names if name.startswith(f"{self.project}_")]

    def volume(self, name: str) -> Path:
        """Where a volume lies on this machine."""
        found = json.loads(run([*_PODMAN, "volume", "inspect", f"{self.project}_{name}"]))
        return Path(found[0]["Mountpoint"])

    def kill(self, name: str) -> None:
        """SIGKILL to a container."""
        run([*_PODMAN, "kill", name])

    def inside(self, name: str, *command: str) -> str:
        """Run a command in a container; returns what it prints."""
        return run([*_PODMAN, "exec", name, *command])

    def logs(self, name: str) -> str:
        """What a container has printed."""
        command = [*_PODMAN, "logs", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def memory(self) -> dict[str, str]:
        """Service and number of each container → the memory that it uses."""
        form = "{{.Name}} {{.MemUsage}}"
        lines = run([*_PODMAN, "stats", "--no-stream", "--format", form, *self.names()])
        pairs = [line.split()[:2] for line in lines.splitlines()]
        return {name.removeprefix(f"{self.project}_"): used for name, used in pairs}

    def down(self) -> None:
        """Take away containers, networks and volumes."""
        self._run("down", "--volumes")

    def _run(self, *arguments: str) -> str:
        return run([*self._compose, *arguments], {**os.environ, **self._variables})


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed; returns its output."""
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=540, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout
