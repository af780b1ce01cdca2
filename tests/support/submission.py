"""The commands that somebody outside of a cluster has for it: `mtl-search submit` and `jobs`."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.sweeps import MTL_SEARCH, environment

_PATIENCE_S = 120.0


@dataclass
class Outsider:
    """Somebody who has the address of a cluster and its token, and nothing else of it.

    Attributes:
        folder: Where the commands run.
        address: Of the dashboard, `http://HOST:PORT`.
        token: The file with the cluster's token.
        inside: Beginning of commands that have to run where the address is reached.
    """

    folder: Path
    address: str
    token: Path
    inside: Sequence[str] = field(default=())

    def run(self, *words: object, timeout: float = _PATIENCE_S) -> subprocess.CompletedProcess[str]:
        """Run `mtl-search` with these words to its end."""
        ours = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(self.token)}
        return subprocess.run(
            [*self.inside, str(MTL_SEARCH), *map(str, words)], cwd=self.folder,
            env={**environment(), **ours}, text=True, timeout=timeout, capture_output=True,
            check=False,
        )  # fmt: skip

    def good(self, *words: object, timeout: float = _PATIENCE_S) -> str:
        """What a command prints that has to end well."""
        done = self.run(*words, timeout=timeout)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def submit(self, *words: object, timeout: float) -> str:
        """Submit a sweep and follow it to its good end; returns what was printed, log and all."""
        return self.good("submit", *words, "--address", self.address, timeout=timeout)

    def start(self, *words: object) -> str:
        """Submit a sweep, and let it run; returns the job's id."""
        told = self.submit(*words, "--no-wait", "--format", "json", timeout=_PATIENCE_S)
        return str(json.loads(told)["job"])

    def jobs(self, verb: str, *words: object, timeout: float = _PATIENCE_S) -> str:
        """What `mtl-search jobs` prints when all is well."""
        return self.good("jobs", verb, *words, "--address", self.address, timeout=timeout)

    def follow(self, job: str, timeout: float) -> str:
        """Follow a job to its good end; returns its log."""
        return self.jobs("logs", job, "--follow", timeout=timeout)

    def asked(self, verb: str, *words: object) -> Any:
        """What `mtl-search jobs` tells programs."""
        return json.loads(self.jobs(verb, *words, "--format", "json"))

    def stop(self, job: str) -> list[str]:
        """Stop a job in order; returns the words of the command that goes on with its sweep."""
        _, _, command = self.jobs("stop", job).partition("Stopped in order. Go on with: ")
        name, *words = shlex.split(command)
        assert name == "mtl-search"
        return words
