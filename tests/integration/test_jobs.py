"""Sweeps as jobs of a real head with a token, submitted by processes in another folder with another
home: followed over a connection that is cut, stopped, resumed, read. Tests build on those before.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mtl_search import Result
from tests.support.job_cluster import Cable, Desk, Head, furnish, head

pytestmark = [pytest.mark.integration, pytest.mark.slow]

CONFIG = "configs/toy.yaml"
TRIALS = 50
JOB = "once"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    with head(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def _desk(folder: Path, cluster: Head) -> Desk:
    (folder / "home").mkdir()
    furnish(folder / "desk")
    return Desk(folder / "desk", folder / "home", cluster.token)


@pytest.fixture
def desk(cluster: Head, tmp_path: Path) -> Desk:
    return _desk(tmp_path, cluster)


_SUBMIT = """
import sys, mtl_search
address, *overrides = sys.argv[1:]
settings = {"address": address, "include": ["data/points.npz"], "job_id": "once"}
print(mtl_search.submit("configs/toy.yaml", overrides, **settings).id)
"""


@dataclass
class Followed:
    """A job of slow trials that was submitted at a desk, and its log, followed over a cable into a
    file; trials are fast once the file `hurry` is there.
    """

    desk: Desk
    cable: Cable
    follower: subprocess.Popen[str]
    file: Path
    hurry: Path

    @property
    def log(self) -> str:
        """What was followed so far."""
        return self.file.read_text()

    def told(self) -> str:
        """The same, and what was said beside the log."""
        return self.log + self.file.with_suffix(".err").read_text()

    def has(self, count: int) -> bool:
        """Whether so many trials have ended in what was followed."""
        assert self.follower.poll() is None, self.told()
        return len(_numbers(self.log)) >= count


@pytest.fixture(scope="module")
def followed(cluster: Head, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    folder = tmp_path_factory.mktemp("followed")
    desk, log, hurry = _desk(folder, cluster), folder / "log", folder / "hurry"
    slow = ["model.backbone.pause=0.3", f"model.backbone.hurry={hurry}", f"search.trials={TRIALS}"]
    submitted = desk.python(_SUBMIT, cluster.address, *slow)
    assert submitted.stdout.split() == [JOB], submitted.stderr
    with (
        Cable(cluster.port) as cable,
        desk.start("jobs", "logs", "--follow", "--address", cable.address, log=log) as follower,
    ):
        yield Followed(desk, cable, follower, log, hurry)


def _wait_for(condition: Callable[[], object], what: Callable[[], str]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, what()
        time.sleep(0.1)


def _numbers(log: str) -> list[int]:
    """Those of the lines about trials that have ended."""
    return [
        int(number) for number in re.findall(rf"^(\d+)/{TRIALS} \S+ complete", log, re.MULTILINE)
    ]


def test_a_log_is_followed_over_a_connection_that_is_cut(followed: Followed) -> None:
    _wait_for(lambda: followed.has(1), followed.told)
    followed.cable.cut()
    before = len(_numbers(followed.log))
    _wait_for(lambda: "is lost; trying again" in followed.told(), followed.told)
    followed.cable.mend()
    _wait_for(lambda: followed.has(before + 1), followed.told)


_REFUSED = """
import signal, subprocess, sys, time, mtl_search
from mtl_search.jobs.client import connect
address = sys.argv[1]
def attempt(title, overrides, **settings):
    try:
        settings |= {"address": address, "include": ["data"]}
        mtl_search.submit("configs/toy.yaml", overrides, **settings)
    except mtl_search.MtlSearchError as error:
        print(title, "->", type(error).__name__, error)
connect(address)
began = time.monotonic()
attempt("twice", {}, job_id="once")
print("seconds ->", time.monotonic() - began)
attempt("room", {"resources.cpus_per_worker": 8})
attempt("busy", {}, resume="once")
attempt("unknown", {}, resume="onze")
command = ["mtl-search", "jobs", "logs", "once", "--follow", "--address", address]
with open("followed", "w") as log:
    follower = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
while "Running entrypoint" not in open("followed").read():
    time.sleep(0.1)
follower.send_signal(signal.SIGINT)
status = mtl_search.SweepJob.find("once", address=address).status
print("ctrl ->", follower.wait(), status(), open("followed").read().splitlines()[-2:])
"""


def test_what_a_cluster_refuses_is_one_sentence_with_its_cure(
    cluster: Head, followed: Followed, desk: Desk
) -> None:
    done = desk.python(_REFUSED, cluster.address)
    said = dict(
        part.split(" -> ", 1) for part in re.split(r"\n(?=\w+ -> )", "\n" + done.stdout)[1:]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ids are used once" in said["twice"]
    assert float(said["seconds"]) < 10  # 3 on a machine that has nothing else to do
    assert "node 1: 2 CPU: room for 0" in said["room"]
    assert "once still runs this sweep: `mtl-search jobs stop once`" in said["busy"]
    assert "there is no job 'onze'" in said["unknown"]
    assert "did you mean 'once'?" in said["unknown"]
    assert said["ctrl"].startswith("130 RUNNING ")
    assert "The job runs on. Stop it: mtl-search jobs stop once" in said["ctrl"]
    assert "Traceback" not in done.stdout

    wrong = desk.run("jobs", "list", "--address", cluster.address, RAY_AUTH_TOKEN="0" * 64)
    desk.token = ""
    none = desk.run("jobs", "list", "--address", cluster.address)
    nobody = desk.run("jobs", "list", "--address", "http://127.0.0.1:9")
    for refused in (wrong, none, nobody):
        assert refused.returncode == 2
        assert len(refused.stderr.splitlines()) == 1, refused.stderr
    assert "does not accept the token" in wrong.stderr
    assert "asks for a token, and there is none here" in none.stderr
    assert "no Ray cluster answers at http://127.0.0.1:9" in nobody.stderr


# As on a machine that does not see the sweep's folder.
_FETCH = """
import sys, mtl_search
from pathlib import Path
job = mtl_search.SweepJob.find("toy", address=sys.argv[1])
print(job.status())
job._is_here = lambda folder: False
print(len(job.result(sys.argv[2]).trials))
"""


def test_stop_resume_and_result(cluster: Head, followed: Followed) -> None:
    desk, at = followed.desk, ("--address", cluster.address)
    _wait_for(lambda: followed.has(1), followed.told)
    [listed] = json.loads(desk.run("jobs", "list", "--format", "json", *at).stdout)
    assert (listed["job"], listed["sweep"], listed["state"]) == (JOB, "toy", "RUNNING")
    began = time.monotonic()
    stopped = desk.run("jobs", "stop", *at)
    assert time.monotonic() - began < 40
    assert stopped.returncode == 0, stopped.stderr
    assert stopped.stdout.startswith("Stopped in order. Go on with: "), stopped.stdout
    assert followed.follower.wait(30) == 130, followed.told()
    whole = desk.run("jobs", "logs", JOB, *at).stdout
    # What was followed is the log, nothing twice and nothing lost.
    assert followed.log == whole
    assert whole.count("trials, 1 at a time") == 1
    assert f"--resume {JOB}" in whole
    assert "Traceback" not in whole
    first = _numbers(whole)
    assert first == list(range(1, len(first) + 1))
    assert len(first) < TRIALS

    sweep = cluster.runs / JOB
    lines = (sweep / "journal.jsonl").read_bytes()
    followed.hurry.touch()
    again = desk.run(*shlex.split(stopped.stdout.partition("Go on with: ")[2])[1:])
    assert again.returncode == 0, again.stdout + again.stderr
    assert _numbers(again.stdout) == list(range(len(first) + 1, TRIALS + 1))
    assert (sweep / "journal.jsonl").read_bytes().startswith(lines)
    assert Result(sweep).complete

    result = desk.run("jobs", "result", "--format", "json", *at)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["sweep"]["complete"] is True
    fetched = desk.python(_FETCH, cluster.address, "fetched")
    assert fetched.stdout.splitlines() == ["SUCCEEDED", str(TRIALS)], fetched.stderr
    here = desk.folder / "fetched"
    files = {str(path.relative_to(here)) for path in here.rglob("*") if path.is_file()}
    assert files == {"config.yaml", "journal.jsonl"}


# Of random numbers, which no compression makes smaller.
_LARGE = """
import sys, mtl_search
import numpy as np
np.save("data/large.npy", np.random.default_rng(0).bytes(110_000_000))
try:
    mtl_search.submit("configs/toy.yaml", address=sys.argv[1], include=["data"])
except mtl_search.ConfigError as error:
    print(error)
"""


@pytest.mark.large
def test_a_package_that_is_too_large_is_not_sent(cluster: Head, desk: Desk) -> None:
    done = desk.python(_LARGE, cluster.address)
    assert "larger than 100.0 MiB" in done.stdout, done.stderr
    assert "largest files: data/large.npy (104.9 MiB)" in done.stdout


@pytest.mark.large
def test_what_goes_wrong_in_the_job_is_a_sentence_and_an_exit_status(
    cluster: Head, desk: Desk
) -> None:
    at = ("--address", cluster.address)
    file = desk.run("submit", CONFIG, *at)
    assert file.returncode == 2
    assert "`--include data/points.npz` sends it" in file.stderr
    assert "send the file by --include" in file.stdout

    installed = desk.folder.parent / "site-packages"
    installed.mkdir()
    (installed / "only_here.py").write_text("WIDTH = 4\n")
    (desk.folder / "shapes.py").write_text("from only_here import WIDTH\n")
    path = f"{desk.environment()['PYTHONPATH']}:{installed}"
    code = desk.run("submit", CONFIG, "--include", "data", *at, PYTHONPATH=path)
    assert code.returncode == 2
    assert "install packages on all nodes" in code.stdout

    script = (
        "import sys; from mtl_search.jobs import submission; import mtl_search.cli;"
        "submission.installed_version = lambda: '0.1.9';"
        f"sys.argv = ['mtl-search', 'submit', '{CONFIG}', '--include', 'data', *sys.argv[1:]];"
        "mtl_search.cli.main()"
    )
    version = desk.python(script, *at)
    assert version.returncode == 2
    assert "was submitted by mtl_search 0.1.9" in version.stdout


# Patience as somebody has it who tests.
_HURRIED = """
import functools, sys
import mtl_search.cli
from mtl_search.jobs import submission
submission.send = functools.partial(submission.send, patience_s=15)
sys.argv = ["mtl-search", "submit", "configs/toy.yaml", "--include", "data", *sys.argv[1:]]
mtl_search.cli.main()
"""


@pytest.mark.large
def test_an_agent_that_never_comes_and_a_cluster_that_is_open(
    cluster: Head, tmp_path: Path
) -> None:
    """Two clusters of one machine want the same port for their agents."""
    desk = _desk(tmp_path, cluster)
    with head(tmp_path, agent_port=cluster.agent_port, open_=True) as other:
        done = desk.python(_HURRIED, "--address", other.address)
    assert done.returncode == 2
    told = done.stderr.splitlines()
    assert told[0].startswith("Note: this cluster asks for no token")  # the one here does no harm
    assert told[1] == "The job agent of the cluster is not up yet; trying again."
    assert told[2].startswith("error: the job agent on the head node does not answer (15 s tried)")
    assert len(told) == 3
