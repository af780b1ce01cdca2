"""`mtl-search serve`: a real server, wrong requests, and its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mtl_search.export import Model
from tests.support.small_models import trained

pytestmark = pytest.mark.integration

_MAIN = "from mtl_search.cli import main; main()"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Server:
    """A server, its model, and rows for it."""

    process: subprocess.Popen[str]
    port: int
    model: Model
    rows: pd.DataFrame
    first: str
    temporary: Path

    def ask(
        self,
        body: Any,
        kind: str = "application/json",
        path: str = "/invocations",
        method: str = "POST",
    ) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data if method == "POST" else None,
            {"Content-Type": kind},
            method=method,
        )
        try:
            with _OPENER.open(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, port: int, temporary: Path) -> subprocess.Popen[str]:
    """`mtl-search serve` on the model in a folder."""
    command = [sys.executable, "-c", _MAIN, "serve", str(folder), "--port", str(port)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of a small model of penguins, for all tests of this file."""
    folder = tmp_path_factory.mktemp("serving")
    case, model = trained("penguins", folder / "train")
    model.save(folder / "penguins")
    port = free_port()
    (folder / "temporary").mkdir()
    process = start(folder / "penguins", port, folder / "temporary")
    try:
        assert process.stdout is not None
        first = "".join(process.stdout.readline() for _ in range(3))
        assert "Serving species, body_mass_g at" in first, first
        rows = case.raw[[field.name for field in model.inputs()]]
        yield Server(process, port, model, rows.iloc[:5], first, folder / "temporary")
    finally:
        assert process.stdout is not None
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
        process.stdout.close()


GOOD = {
    "bill_length_mm": 39.1,
    "island": "Torgersen",
    "flipper_length_mm": 181,
    "sex": "male",
}


def one(**changes: Any) -> dict[str, Any]:
    """A request of one row with some cells changed."""
    return {"dataframe_records": [{**GOOD, **changes}]}


def without(name: str) -> dict[str, Any]:
    """A request of one row that lacks a column."""
    return {"dataframe_records": [{key: x for key, x in GOOD.items() if key != name}]}


SPLIT = {"columns": list(GOOD), "data": [list(GOOD.values())]}

_MISSPELT = {"dataframe_records": [{**GOOD, "iland": "Dream"}]}
del _MISSPELT["dataframe_records"][0]["island"]


@dataclass(frozen=True)
class Wrong:
    """A request, and what must come back."""

    body: Any
    part: str
    status: int = 400
    kind: str = "application/json"
    path: str = "/invocations"
    method: str = "POST"


WRONG = {
    "a missing column": Wrong(without("sex"), "lacks the column 'sex'"),
    "a misspelt column": Wrong(_MISSPELT, "'island' (did you mean 'iland'?)"),
    "text for a number": Wrong(one(bill_length_mm="long"), "'bill_length_mm'"),
    "a list for a number": Wrong(one(bill_length_mm=[True]), "bill_length_mm"),
    "infinite": Wrong(b'{"dataframe_records": [{"a": Infinity}]}', "Infinity is no number"),
    "too large": Wrong(b'{"inputs": [[1e999, "Dream", 1, "male"]]}', "infinite"),
    "beyond floats": Wrong(one(bill_length_mm=10**400), "infinite"),
    "too many cells": Wrong(b"sex\nmale,3,Dream\n", "no CSV with a header", kind="text/csv"),
    "an empty CSV": Wrong(b"", "no CSV with a header", kind="text/csv"),
    "another CSV": Wrong(b"a,b\n1,2\n", "lacks the column", kind="text/csv"),
    "NaN": Wrong(b'{"dataframe_records": [{"a": NaN}]}', "a missing value is null"),
    "no rows": Wrong({"dataframe_records": []}, "no rows"),
    "no rows in split": Wrong({"dataframe_split": {"columns": [*GOOD], "data": []}}, "no rows"),
    "cut off": Wrong(b'{"dataframe_records": [{', "the body is no JSON"),
    "not JSON": Wrong(b"bill_length_mm=39", "the body is no JSON"),
    "not UTF-8": Wrong(b"\xff\xfe\x00", "the body is no JSON"),
    "an array": Wrong([GOOD], "a JSON array; an object"),
    "another type": Wrong(b"<a/>", "'text/xml'", 415, "text/xml"),
    "an unknown key": Wrong({"dataframe_record": [GOOD]}, "did you mean 'dataframe_records'"),
    "two forms": Wrong({**one(), "inputs": [1]}, "exactly one of"),
    "no form": Wrong({"params": {}}, "exactly one of"),
    "too few columns": Wrong(
        {"dataframe_split": {"columns": [*GOOD][:3], "data": [[*GOOD.values()]]}}, "3 columns"
    ),
    "too many columns": Wrong(
        {"dataframe_split": {"columns": [*GOOD, "x"], "data": [[*GOOD.values()]]}}, "5 columns"
    ),
    "rows of another width": Wrong({"inputs": [[1, 2], [3, 4]]}, "needed: (rows, 4)"),
    "another nesting": Wrong({"dataframe_records": {"a": [1]}}, "list of records"),
    "a single value": Wrong({"inputs": 3}, "rows"),
    "an unknown param": Wrong({**one(), "params": {"task": "sex"}}, "did you mean 'tasks'"),
    "an unknown task": Wrong({**one(), "params": {"tasks": ["colour"]}}, "tasks"),
    "a wrong batch size": Wrong({**one(), "params": {"batch_size": "x"}}, "params.batch_size"),
    "GET": Wrong(b"", "takes POST", 405, method="GET"),
    "another address": Wrong(one(), "/invocations", 404, path="/predict"),
}


def test_every_wrong_request_is_answered_by_one_sentence(server: Server) -> None:
    for name, wrong in WRONG.items():
        status, answer = server.ask(wrong.body, wrong.kind, wrong.path, wrong.method)
        assert status == wrong.status, (name, answer)
        assert set(answer) == {"error_code", "message"}, (name, answer)
        assert wrong.part in answer["message"], (name, answer)
        assert "Traceback" not in answer["message"], name
        assert "\n" not in answer["message"], name
        assert len(answer["message"]) <= 400, name


def test_every_form_gives_the_numbers_of_predict(server: Server) -> None:
    rows = server.rows
    expected = server.model.predict(rows, output="frame", prepared=False)
    records = json.loads(rows.to_json(orient="records"))
    columns = {name: [row[name] for row in records] for name in records[0]}
    split = {"columns": list(columns), "data": [list(row.values()) for row in records]}
    for body in (
        {"dataframe_records": records},
        {"dataframe_split": split},
        {"inputs": columns},
        {"instances": records},
        rows.to_csv(index=False).encode(),
    ):
        kind = "text/csv" if isinstance(body, bytes) else "application/json"
        status, answer = server.ask(body, kind)
        assert status == 200, (answer, body)
        given = pd.DataFrame(answer["predictions"])
        assert list(given.columns) == list(expected.columns)
        assert list(given["species"]) == list(expected["species"])
        for name in expected.columns[1:]:
            assert given[name].to_numpy() == pytest.approx(expected[name].to_numpy(), rel=1e-6)


def test_params_choose_tasks_and_unknown_categories_count_as_other(server: Server) -> None:
    status, answer = server.ask({**one(island="Sark"), "params": {"tasks": ["species"]}})
    assert status == 200, answer
    assert all(name.startswith("species") for name in answer["predictions"][0])
    status, answer = server.ask(one(**dict.fromkeys(GOOD)))  # every cell may be missing
    assert status == 200, answer


def test_the_example_that_it_prints_is_answered(server: Server) -> None:
    command = server.first.splitlines()[2].strip()
    given = subprocess.run(
        ["sh", "-c", f"{command} --noproxy '*' -s"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert json.loads(given.stdout)["predictions"], given


def test_a_port_that_is_taken_is_one_sentence(server: Server, tmp_path: Path) -> None:
    server.model.save(tmp_path / "other")
    process = start(tmp_path / "other", server.port, tmp_path)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"cannot listen on 127.0.0.1:{server.port}" in output
    assert "Traceback" not in output


def test_sigterm_ends_it_with_all_its_processes_and_files(server: Server) -> None:
    served = list(server.temporary.iterdir())
    os.kill(server.process.pid, signal.SIGTERM)
    assert server.process.wait(20) == 0
    assert server.process.stdout is not None
    assert "Traceback" not in server.process.stdout.read()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(server.process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("a process of the server goes on")
    assert served
    assert not list(server.temporary.iterdir())
