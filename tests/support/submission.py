"""Sweeps that are submitted to a cluster from outside, and how their jobs end."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ENDED = ("SUCCEEDED", "FAILED", "STOPPED")

_SUBMIT = """
import json, sys
from ray.job_submission import JobSubmissionClient
print(JobSubmissionClient(sys.argv[1]).submit_job(**json.loads(sys.argv[2])))
"""
# Ray's client takes seconds to import; a question by HTTP costs next to nothing.
_ASK = """
import os, sys, urllib.request
token = open(os.environ["RAY_AUTH_TOKEN_PATH"]).read()
request = urllib.request.Request(
    sys.argv[2], method=sys.argv[1], headers={"Authorization": f"Bearer {token}"}
)
print(urllib.request.urlopen(request, timeout=30).read().decode())
"""
_JOB_ENVIRONMENT = {
    "RAY_JOB_STOP_SIGNAL": "SIGINT",
    "RAY_JOB_STOP_WAIT_TIME_S": "40",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


@dataclass
class Cluster:
    """A cluster as somebody outside of it sees it.

    Attributes:
        address: Of its dashboard, `http://HOST:PORT`.
        token: The file with its token.
        inside: Beginning of commands that have to run where the address is reached.
    """

    address: str
    token: Path
    inside: Sequence[str] = field(default=())

    def submit(self, config: Path, arguments: Sequence[str]) -> str:
        """Submit a sweep; returns the job's id. The config is alone in its folder."""
        command = ["mtl-search", "run", config.name, "--address", "auto", *arguments]
        environment = {"working_dir": str(config.parent), "env_vars": _JOB_ENVIRONMENT}
        job = {"entrypoint": shlex.join(command), "runtime_env": environment}
        return self._python(_SUBMIT, self.address, json.dumps(job)).splitlines()[-1]

    def status(self, job: str) -> str:
        """The job's status, in Ray's words."""
        return str(self._ask("GET", job)["status"])

    def log(self, job: str) -> str:
        """What the job has printed."""
        return str(self._ask("GET", f"{job}/logs")["logs"])

    def stop(self, job: str) -> None:
        """Ask the job to stop."""
        self._ask("POST", f"{job}/stop")

    def wait(self, job: str, timeout: float) -> str:
        """Wait until the job has ended; returns its log."""
        end = time.monotonic() + timeout
        while self.status(job) not in ENDED:
            assert time.monotonic() < end, f"the job did not end:\n{self.log(job)}"
            time.sleep(0.5)
        return self.log(job)

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        answer = self._python(_ASK, method, f"{self.address}/api/jobs/{path}", flags=("-S",))
        content: dict[str, Any] = json.loads(answer)
        return content

    def _python(self, script: str, *arguments: str, flags: Sequence[str] = ()) -> str:
        done = subprocess.run(
            [*self.inside, sys.executable, "-W", "ignore", *flags, "-c", script, *arguments],
            env={**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(self.token)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
