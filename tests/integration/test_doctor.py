"""The doctor on a healthy cluster and on broken ones: what it prints puts each of them right."""

from __future__ import annotations

import json
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mtl_search.jobs.doctor.finding import Finding
from mtl_search.search.monitoring.metrics import METRICS
from tests.support import nodes
from tests.support.sweeps import descendants, environment, mtl_search, write_config

pytestmark = [pytest.mark.integration, pytest.mark.slow]


class Place:
    """A cluster of a head and another node that share one folder."""

    def __init__(self, folder: Path, storage: Path, cluster: nodes.Nodes) -> None:
        self.folder, self.storage, self.cluster = folder, storage, cluster
        self.config = write_config(folder)
        self.head, self.other = cluster.start(2), cluster.start(1)

    def doctor(
        self, *arguments: str, token: str | None = None, timeout: float = 60
    ) -> tuple[int, list[Finding]]:
        """Run the doctor on the head; return its status and what it found."""
        extra = {**self.cluster.environment, "RAY_AUTH_MODE": "token"}
        if token is not None:
            extra["RAY_AUTH_TOKEN"] = token
        done = mtl_search(
            "doctor", self.config, *arguments, "--address", self.cluster.address,
            "--timeout", timeout, "--format", "json",
            cwd=self.folder, inside=self.head.inside(self.folder), extra=extra,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        assert "asking every node" in done.stderr or "joining" in done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, [Finding(**check) for check in report["checks"]]

    def on(self, node: nodes.Node, command: str) -> str:
        """Run a command of the shell on a node."""
        words = [*node.inside(Path("/")), "sh", "-c", command]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    def cure(self, finding: Finding) -> None:
        """Do what a finding says; as root, and where `ssh` would go."""
        node = self.other if finding.cure.startswith(f"ssh {self.other.ip} ") else self.head
        if self.other.ip in finding.node:
            node = self.other
        words = finding.cure.removeprefix(f"ssh {self.other.ip} ").replace("sudo ", "")
        self.on(node, words)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("doctor")
    storage = folder / "storage"
    storage.mkdir()
    with nodes.cluster(folder, [storage]) as cluster:
        yield Place(folder, storage, cluster)


def _bad(findings: list[Finding]) -> dict[tuple[str, str], Finding]:
    """The findings that are not ok, by check and node."""
    return {
        (finding.check, finding.node.partition(" ")[0]): finding
        for finding in findings
        if finding.status != "ok"
    }


def _changes(cure: str) -> list[str]:
    """The words that a command of ours has beside the config."""
    words = shlex.split(cure)
    assert words[:2] == ["mtl-search", "run"], cure
    return [word for word in words[3:] if "=" in word]


def test_a_healthy_cluster_is_healthy(place: Place) -> None:
    status, findings = place.doctor(f"resources.storage={place.storage}")
    assert (status, _bad(findings)) == (0, {})
    both = {place.head.ip, place.other.ip}
    for check in ("versions", "storage", "token", "gpu", "shared memory", "clock", "disk"):
        answered = {f.node.partition(" ")[0] for f in findings if f.check == check}
        assert answered >= both, check
    texts = {finding.check: finding.value for finding in findings}
    assert texts["nodes"] == "2 of 2 answer"
    assert "3 CPU" in texts["resources"]
    assert not list(place.storage.iterdir()), "marks stayed behind"
    assert not list(place.folder.glob(".doctor-*")), "marks stayed behind"


def test_a_wrong_token_is_told_and_the_printed_command_finds_the_right_one(place: Place) -> None:
    status, findings = place.doctor(token="f" * 64)
    assert status == 1
    refused = _bad(findings)["connection", ""]
    assert "refuses this machine's token" in refused.value
    command = f"ssh {place.head.ip} ray get-auth-token"
    assert f'RAY_AUTH_TOKEN="$({command})"' in refused.cure
    exports = place.cluster.environment
    on_head = f"RAY_AUTH_MODE=token RAY_AUTH_TOKEN={exports['RAY_AUTH_TOKEN']} {_ray()}"
    found = place.on(place.head, f"{on_head} get-auth-token").split()[-1]
    assert found == exports["RAY_AUTH_TOKEN"]


def _ray() -> str:
    return str(Path(shutil.which("ray") or nodes._RAY))


@pytest.mark.skipif(not nodes.enclosed(), reason="needs nodes with mounts of their own")
def test_what_is_broken_on_one_node_is_named_and_its_cures_work(place: Place) -> None:
    """Storage that a node cannot write, a small /dev/shm there, a full disk here, and a trial that
    never fits, all at a time; then what was printed is done.
    """
    small = place.folder / "small"
    small.mkdir()
    place.on(place.head, f"mount -t tmpfs -o size=50m tmpfs {small}")
    place.on(place.other, f"mount -o remount,bind,ro {place.storage}")
    place.on(place.other, "mount -t tmpfs -o size=32m tmpfs /dev/shm")
    arguments = [f"resources.storage={place.storage}", "resources.cpus_per_worker=8"]
    status, findings = place.doctor(*arguments, f"--output={small}/tiny")
    assert status == 1
    bad = _bad(findings)
    other, head = place.other.ip, place.head.ip
    assert {key: finding.status for key, finding in bad.items()} == {
        ("storage", other): "fail",
        ("shared memory", other): "warn",
        ("disk", head): "fail",
        ("resources", ""): "fail",
    }
    assert "Read-only file system" in bad["storage", other].value
    assert "32 MiB free of 32 MiB" in bad["shared memory", other].value
    assert f"sweeps in {small}: 50 MiB free" in bad["disk", head].value
    assert "2 CPU: room for 0" in bad["resources", ""].value

    place.cure(bad["storage", other])
    place.cure(bad["shared memory", other])
    assert "--output" in bad["disk", head].cure
    changes = _changes(bad["resources", ""].cure)
    assert changes[-1] == "resources.cpus_per_worker=2"
    status, findings = place.doctor(*changes)
    assert (status, _bad(findings)) == (0, {})


@pytest.mark.skipif(not nodes.enclosed(), reason="plain processes see every folder")
@pytest.mark.large
def test_a_folder_that_one_node_does_not_see(place: Place) -> None:
    status, findings = place.doctor()
    assert status == 1
    unseen = _bad(findings)["storage", place.other.ip]
    assert "another folder, or none" in unseen.value
    [change] = _changes(unseen.cure)
    change = change.replace("/A/FOLDER/THAT/ALL/NODES/SEE", str(place.storage))
    status, findings = place.doctor(change)
    assert (status, _bad(findings)) == (0, {})


# Waits until a server answers.
_WAIT = """
import sys, time, urllib.request
end = time.monotonic() + 200
while True:
    try:
        urllib.request.urlopen(sys.argv[1], timeout=10)
        break
    except OSError:
        assert time.monotonic() < end
        time.sleep(0.5)
"""


@pytest.mark.large
def test_mlflow_that_is_down_is_started_by_the_printed_command(place: Place) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    changes = [f"tracking.uri=http://127.0.0.1:{port}", f"resources.storage={place.storage}"]
    status, findings = place.doctor(*changes)
    assert status == 1
    down = _bad(findings)["mlflow", "here"]
    assert f"MLflow at http://127.0.0.1:{port} cannot be used" in down.value
    with _running(place, down.cure):
        place.on(place.head, f"{sys.executable} -c '{_WAIT}' http://127.0.0.1:{port}/health")
        status, findings = place.doctor(*changes)
    assert (status, _bad(findings)) == (0, {})


@contextmanager
def _running(place: Place, command: str) -> Iterator[None]:
    words = [*place.head.inside(place.folder), "sh", "-c", f"exec {command}"]
    server = subprocess.Popen(
        words, cwd=place.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        server.terminate()
        server.wait(30)


# Prints the largest value of each metric at the port of this node, until a file appears.
_WATCH = """
import json, re, sys, time, urllib.request
from pathlib import Path
import ray
ray.init("auto", logging_level="ERROR", log_to_driver=False)
[node] = [n for n in ray.nodes() if n["NodeID"] == ray.get_runtime_context().get_node_id()]
address = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
seen = {}
print("ready", flush=True)
while not Path(sys.argv[1]).exists():
    text = urllib.request.urlopen(address).read().decode()
    for name, value in re.findall(r"^(ray_mtl_search_\\w+)\\{.*\\} (\\S+)$", text, re.MULTILINE):
        seen[name] = max(seen.get(name, float("-inf")), float(value))
    time.sleep(1)
print(json.dumps(seen))
"""


@pytest.mark.large
def test_a_sweep_is_followed_by_its_metrics_and_its_log(place: Place) -> None:
    """What Prometheus reads at the port of the node where the sweep runs, while it runs."""
    done, sweep = place.folder / "done", place.folder / "runs" / "seen"
    extra = {**environment(), **place.cluster.environment, "RAY_AUTH_MODE": "token"}
    inside = place.head.inside(place.folder)
    watch = subprocess.Popen(
        [*inside, sys.executable, "-W", "ignore", "-c", _WATCH, str(done)],
        cwd=place.folder, env={**extra, "RAY_ADDRESS": place.cluster.address},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert watch.stdout is not None
        assert watch.stdout.readline() == "ready\n"
        run = mtl_search(
            "run", place.config, f"resources.storage={place.storage}", "search.finalists.top=0",
            "model.backbone={name: tests.support.parts:backbone, pause: 0.05}",
            "--address", place.cluster.address, "--output", sweep, "--log-format", "json",
            cwd=place.folder, inside=inside, extra=extra,
        )  # fmt: skip
        done.touch()
        seen = json.loads(watch.stdout.readline())
    finally:
        watch.kill()
        watch.wait()
        if watch.stdout is not None:
            watch.stdout.close()
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    assert seen.keys() == {metric.exposed_name for metric in METRICS}
    assert seen["ray_mtl_search_slots_busy"] == seen["ray_mtl_search_slots"] == 1
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert lines[-1]["event"] == "result"
    assert {"sweep", "trial", "epoch", "end", "done"} <= {line["event"] for line in lines}


@pytest.mark.large
def test_a_node_that_hangs_is_named(place: Place) -> None:
    pids = [pid for pid, _ in descendants(place.other.process.pid)]
    raylets = [pid for pid in pids if "raylet/raylet" in Path(f"/proc/{pid}/cmdline").read_text()]
    subprocess.run(["kill", "-STOP", *map(str, raylets)], check=True)
    try:
        status, findings = place.doctor(f"resources.storage={place.storage}", timeout=5)
    finally:
        subprocess.run(["kill", "-CONT", *map(str, raylets)], check=True)
    assert status == 1
    silent = _bad(findings)["nodes", place.other.ip]
    assert silent.value.startswith("does not answer: no answer within the time limit")
    assert "ray start --address=" in silent.cure
