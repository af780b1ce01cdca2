"""Errors of Ray's job client as sentences; the real ones are in the integration tests."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from ray.exceptions import RpcError

from mtl_search.errors import ClusterError
from mtl_search.jobs.client import connect, sentences, unknown_job, with_patience


@pytest.fixture
def old_server() -> Iterator[str]:
    """The address of a server that says that it is an older Ray."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"version": "4", "ray_version": "2.9.3"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Silence."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # Connecting turns tokens on for the process where there is one.
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")


def test_an_older_ray_is_refused(old_server: str) -> None:
    with pytest.raises(
        ClusterError, match=r"runs Ray 2\.9\.3, and mtl_search needs 2\.60 or later"
    ):
        connect(old_server)


def test_the_address_counts_more_than_the_environment(
    old_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:1")
    with pytest.raises(ClusterError, match=r"2\.9\.3"):
        connect(old_server)
    assert os.environ["RAY_ADDRESS"] == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:1", "no Ray cluster answers at http://127.0.0.1:1 (Connection refused)"),
        ("http://me:secret@127.0.0.1:1", "no Ray cluster answers at http://me:***@127.0.0.1:1"),
        ("http://no.such.host.invalid:8265", "no Ray cluster answers at http://no.such.host"),
        ("http://127.0.0.1:99999", "no Ray cluster answers"),
        ("127.0.0.1:1", "no Ray cluster answers at 127.0.0.1:1 (as http://127.0.0.1:1 neither)"),
        ("no.such.host.invalid", "(write http://no.such.host.invalid:8265)"),
        ("127.0.0.1:99999", "no Ray cluster answers"),
        ("ray://127.0.0.1:10001", "jobs go to the dashboard on the head"),
    ],
)
def test_nobody_there(address: str, words: str) -> None:
    with pytest.raises(ClusterError) as caught:
        connect(address)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_address_of_a_dashboard_has_a_scheme(
    old_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = old_server.removeprefix("http://")
    with pytest.raises(ClusterError, match=f"so write {old_server}$"):
        connect(bare)
    monkeypatch.setenv("RAY_ADDRESS", bare)
    with pytest.raises(ClusterError, match=f"so write {old_server}$"):
        connect()


def test_what_ray_raises_is_a_sentence() -> None:
    with pytest.raises(ClusterError, match="no Ray cluster answers at h:1"), sentences("h:1"):
        raise RpcError("Timed out while waiting for GCS to become available.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "code 400: Traceback ...\nValueError: Job with submission_id a already exists. x\n.",
            "once",
        ),
        ("code 404: Job a does not exist", "there is no job 'a'"),
        ("code 413: Maximum request body size 104857600 exceeded", "larger than"),
        (
            "code 500: Traceback (most recent call last):\n  File\nOSError: no room\n.",
            "OSError: no room",
        ),
    ],
)
def test_tracebacks_of_the_server_become_sentences(text: str, words: str) -> None:
    with pytest.raises(ClusterError) as caught, sentences("http://h:1", "a"):
        raise RuntimeError(f"Request failed with status {text}")
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_patience_with_an_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    answers, told = [RuntimeError("No available agent to submit job")] * 2, list[str]()

    def call() -> int:
        if answers:
            raise answers.pop()
        return 3

    assert with_patience(call, 60, told.append) == 3
    assert len(told) == 1
    answers.append(RuntimeError("No available agent to submit job"))
    with pytest.raises(ClusterError, match="--dashboard-agent-listen-port=PORT"):
        with_patience(call, 0)
    answers.append(RuntimeError("another"))
    with pytest.raises(RuntimeError, match="another"):
        with_patience(call, 60)


def test_an_unknown_job_names_the_nearest() -> None:
    assert "did you mean 'toy-1'?" in str(unknown_job("toj-1", ["toy-1", "b"], "http://h:1"))
