"""What the batch script does at a signal and when it starts again, with programs that only stand
still: the real ones are in `tests/integration/test_slurm.py`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtl_search.config import load_config
from mtl_search.jobs.slurm import SlurmOptions, slurm_script
from tests.support.repository import CONFIGS

# Answers at its port, as the head does.
_RAY = f"""#!{sys.executable}
import signal, socket, sys
port = int(sys.argv[sys.argv.index("--port") + 1])
server = socket.create_server(("127.0.0.1", port))
signal.pause()
"""
# Stops in order at SIGTERM, unless it goes on with a sweep.
_MTL_SEARCH = """#!/bin/sh
echo "mtl-search $*" >>calls
case "$*" in *--resume*) exit 0 ;; esac
trap 'exit 130' TERM
echo '{}' >runs/quickstart-$SLURM_JOB_ID/journal.jsonl
while :; do sleep 0.1; done
"""
_PROGRAMS = {
    "ray": _RAY,
    "mtl-search": _MTL_SEARCH,
    "python": "#!/bin/sh\nexit 0\n",
    "scontrol": '#!/bin/sh\necho "scontrol $*" >>calls\n',
}


class _Job:
    def __init__(self, folder: Path, restarts: int) -> None:
        self.id = str(os.getpid())
        self._folder = folder
        for name, text in _PROGRAMS.items():
            program = folder / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(text)
            program.chmod(0o700)
        file = CONFIGS / "quickstart.yaml"
        options = SlurmOptions(address="127.0.0.1", restarts=restarts)
        (folder / "job.sh").write_text(slurm_script(load_config(file), [str(file)], options))
        self.private = folder / "runs" / f".slurm-{self.id}"
        self.ray = Path(f"/tmp/mtl-{self.id}-head")
        self.started: list[subprocess.Popen[str]] = []

    def start(self, restart: int = 0, **variables: str) -> subprocess.Popen[str]:
        environment = {
            "PATH": f"{self._folder / 'bin'}:/usr/bin:/bin",
            "SLURM_JOB_ID": self.id,
            "SLURM_JOB_NUM_NODES": "1",
            "SLURM_JOB_NODELIST": "n1",
            "SLURMD_NODENAME": "n1",
            "SLURM_RESTART_COUNT": str(restart),
            **variables,
        }
        process = subprocess.Popen(
            ["bash", "job.sh"], cwd=self._folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def wait_for_journal(self) -> None:
        journal = self._folder / "runs" / f"quickstart-{self.id}" / "journal.jsonl"
        end = time.monotonic() + 60
        while not journal.exists():
            assert time.monotonic() < end
            time.sleep(0.05)

    def calls(self) -> list[str]:
        return (self._folder / "calls").read_text().splitlines()


@pytest.fixture
def job(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[_Job]:
    found = _Job(tmp_path, getattr(request, "param", 10))
    yield found
    for process in found.started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_time_limit_stops_the_sweep_and_the_next_start_goes_on(job: _Job) -> None:
    process = job.start()
    job.wait_for_journal()
    token = job.private / "token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert job.private.stat().st_mode & 0o777 == 0o700
    assert job.ray.stat().st_mode & 0o777 == 0o700
    first = token.read_text()
    assert len(bytes.fromhex(first)) == 32
    process.send_signal(signal.SIGUSR1)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert first not in output
    assert job.calls()[-1] == f"scontrol requeue {job.id}"
    assert not job.private.exists()
    assert not job.ray.exists()

    again = job.start(restart=1)
    output, _ = again.communicate(timeout=60)
    assert again.returncode == 0, output
    assert job.calls()[0].removesuffix(" --resume") == job.calls()[0]
    assert job.calls()[-1] == f"{job.calls()[0]} --resume"


@pytest.mark.parametrize(("umask", "mode"), [("", 0o700), ("027", 0o750)])
def test_a_group_may_read_the_sweep_and_not_the_token(
    job: _Job, tmp_path: Path, umask: str, mode: int
) -> None:
    process = job.start(MTL_SEARCH_UMASK=umask)
    job.wait_for_journal()
    for folder in (tmp_path / "runs", tmp_path / "runs" / f"quickstart-{job.id}"):
        assert folder.stat().st_mode & 0o777 == mode
    assert job.private.stat().st_mode & 0o777 == 0o700
    assert (job.private / "token").stat().st_mode & 0o777 == 0o600
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def test_scancel_stops_the_sweep_for_good(job: _Job) -> None:
    process = job.start()
    job.wait_for_journal()
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert not [call for call in job.calls() if call.startswith("scontrol requeue")]
    assert "the sweep goes on by: sbatch SCRIPT" in output


@pytest.mark.parametrize("job", [2], indirect=True)
def test_a_job_does_not_go_back_for_ever(job: _Job) -> None:
    process = job.start(restart=2)
    job.wait_for_journal()
    process.send_signal(signal.SIGUSR1)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert not [call for call in job.calls() if call.startswith("scontrol requeue")]
