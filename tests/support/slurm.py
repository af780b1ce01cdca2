"""A real Slurm on this machine: a controller and some nodes, each with an address and processes of
its own. It needs root, and installs Slurm where it is missing.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mtl_search.config import load_config
from mtl_search.jobs.slurm import SlurmOptions, slurm_script
from tests.support.sweeps import environment


class Slurm:
    """A Slurm that is up.

    Args:
        folder: Its state and logs.
        configuration: File that SLURM_CONF names.
    """

    def __init__(self, folder: Path, configuration: str) -> None:
        self._folder = folder
        self._environment = {**environment(), "SLURM_CONF": configuration, "OMP_NUM_THREADS": "1"}

    def call(self, *command: object, cwd: Path | None = None) -> str:
        """Run a command of Slurm; returns what it prints."""
        done = subprocess.run(
            [str(word) for word in command], cwd=cwd, env=self._environment, text=True,
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def submit(self, script: Path, *arguments: object) -> str:
        """Put a script into the queue; returns the number of the job."""
        line = self.call("sbatch", "--parsable", script.name, *arguments, cwd=script.parent)
        return line.strip()

    def job(self, job: str) -> dict[str, str]:
        """What Slurm says of a job, such as `JobState`."""
        text = self.call("scontrol", "show", "job", "-o", job)
        return dict(re.findall(r"(\w[\w/:]*)=(\S*)", text))

    def wait_for(self, job: str, *states: str, timeout: float = 400) -> dict[str, str]:
        """Wait until a job is in one of these states."""
        end = time.monotonic() + timeout
        while (seen := self.job(job))["JobState"] not in states:
            assert time.monotonic() < end, seen
            time.sleep(1)
        return seen

    def kill_node(self, name: str) -> None:
        """End all processes of a node at once, as a power cut does."""
        os.kill(int((self._folder / f"{name}.pid").read_text()), signal.SIGKILL)


@contextmanager
def slurm(script: Path, folder: Path, nodes: int = 2) -> Iterator[Slurm]:
    """A Slurm of so many nodes, which is gone afterwards.

    Args:
        script: Brings one up, and takes it down.
        folder: For its state and logs.
        nodes: Number of nodes.
    """
    up = ["bash", str(script), "up", str(folder), str(nodes)]
    try:
        done = subprocess.run(up, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        yield Slurm(folder, done.stdout.strip().splitlines()[-1].partition("=")[2])
    finally:
        down = ["bash", str(script), "down", str(folder)]
        subprocess.run(down, capture_output=True, timeout=60, check=False)


def write_script(config: Path, overrides: Sequence[str] = (), **options: object) -> Path:
    """Write the batch script of a sweep beside its config."""
    environment_folder = str(Path(sys.executable).parent.parent)
    settings: dict[str, Any] = {"nodes": 2, "environment": environment_folder, **options}
    arguments = [str(config), *overrides]
    script = config.with_suffix(".sh")
    loaded = load_config(config, overrides)
    script.write_text(slurm_script(loaded, arguments, SlurmOptions(**settings)))
    return script
