"""Structured logs: every line is an object with the fields that the guide names."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mtl_search import api
from mtl_search.api.callback import notifier
from mtl_search.cli import json_log
from mtl_search.cli.errors import FAILED, WRONG_INPUT, print_error
from mtl_search.config import secrets
from mtl_search.errors import ConfigError
from mtl_search.jobs.sweep_log import folder_of, how_it_stopped
from mtl_search.storage import events
from mtl_search.storage.journal import read_events
from mtl_search.storage.records import SweepRecord
from tests.support.repository import REPOSITORY
from tests.unit.cli.test_fuzzing import run_cli

SWEEP = REPOSITORY / "tests" / "fixtures" / "sweeps" / "v0_1_finished"
GUIDE = REPOSITORY / "docs" / "guides" / "operations.md"


@pytest.fixture(autouse=True)
def _text_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(json_log.VARIABLE, "")  # it is put back afterwards, whatever a test sets
    monkeypatch.setattr(json_log, "_take_over_logging", lambda: None)


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_whole_sweep_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    record, notify = SweepRecord(), notifier(json_log.JsonProgress())
    journal = read_events(SWEEP / "journal.jsonl")
    for event in journal:
        record.apply(event)
        notify(event, record)
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = _lines(captured.err)
    assert [line["event"] for line in lines] == [event.kind for event in journal]
    assert all(list(line)[:4] == ["time", "level", "event", "sweep"] for line in lines)
    assert {line["sweep"] for line in lines} == {record.name}
    for line, event in zip(lines, journal, strict=True):
        if isinstance(event, events.TrialEvent):
            assert (line["trial"], line["arm"]) == (event.id, record.trials[event.id].arm)
        assert line["time"].endswith("Z")


def test_a_failed_trial_is_an_error() -> None:
    record = SweepRecord()
    begun = events.TrialStarted(
        id="equal-0000", arm="equal", number=0, params={}, distributions={}, overrides={}, seed=0
    )
    record.apply(begun)
    ended = events.TrialEnded(id="equal-0000", state="FAIL", reason="NaN\nin the loss")
    [line] = _lines(json_log.event_line(ended, record))
    assert (line["level"], line["reason"], line["state"]) == ("error", "NaN\nin the loss", "FAIL")
    baseline = events.BaselineScored(task="a", model="linear", metrics={}, seconds=1, reason="x")
    assert _lines(json_log.event_line(baseline, record))[0]["level"] == "warning"


def test_the_format_is_chosen_by_option_or_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    json_log.choose_format(None)
    assert not json_log.is_on()
    monkeypatch.setenv(json_log.VARIABLE, "json")
    json_log.choose_format(None)
    assert json_log.is_on()
    json_log.choose_format("text")
    assert not json_log.is_on()
    with pytest.raises(ConfigError, match="--log-format: not a format of logs"):
        json_log.choose_format("xml")
    monkeypatch.setenv(json_log.VARIABLE, "xml")
    with pytest.raises(ConfigError, match="MTL_SEARCH_LOG"):
        json_log.choose_format(None)


def test_errors_are_lines_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(json_log.VARIABLE, "json")
    assert print_error(ConfigError("no such key", path="a.b")) == WRONG_INPUT
    assert print_error(ZeroDivisionError("oops")) == FAILED
    wrong, bug = _lines(capsys.readouterr().err)
    assert (wrong["event"], wrong["level"], wrong["status"]) == ("error", "error", WRONG_INPUT)
    assert wrong["message"] == "a.b: no such key"
    assert bug["message"].startswith("internal error: ZeroDivisionError: oops")


def test_what_is_logged_is_a_line() -> None:
    record = logging.LogRecord("x.y", logging.WARNING, "f", 1, "%d events", (3,), None)
    [line] = _lines(json_log.JsonFormatter().format(record))
    assert (line["event"], line["level"], line["message"]) == ("log", "warning", "3 events")
    assert line["logger"] == "x.y"


def test_no_line_holds_a_secret() -> None:
    secrets.remember("a planted value", "${PLANTED}")
    uri = "https://me:hunter-two@host"
    try:
        raise ValueError(f"a planted value at {uri}")
    except ValueError:
        failure = sys.exc_info()
    words = ("a planted value", uri)
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "%s %s", words, failure)
    begun = events.TrialStarted(
        id="equal-0000", arm="equal", number=0, params={"lr": 0.1, "at": [uri]}, distributions={},
        overrides={"data.path": "a planted value"}, seed=0,
    )  # fmt: skip
    known = SweepRecord()
    known.apply(begun)
    for text in (
        json_log.JsonFormatter().format(record),
        json_log.event_line(begun, known),
        json_log.line("stopped", "warning", {"message": Path("a planted value"), "more": (uri,)}),
    ):
        assert "planted value" not in text
        assert "hunter" not in text
        assert "${PLANTED}" in text
        assert "https://me:***@host" in text
    assert _lines(json_log.event_line(begun, known))[0]["params"]["lr"] == 0.1


def test_the_command_says_nothing_but_json(config: str) -> None:
    status, output = run_cli("run", config, "--log-format", "json", "search.trails=1")
    assert status == WRONG_INPUT
    [line] = _lines(output)
    assert line["message"].startswith("search.trails: unknown key")
    assert not (Path.cwd() / "runs").exists()


def test_a_sweep_ends_with_its_result_and_prints_no_report(
    config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "run", lambda *args, **kwargs: api.Result(SWEEP))
    status, output = run_cli("run", config, "--log-format", "json")
    started, line = _lines(output)
    assert (started["event"], Path(started["folder"]).name) == ("started", started["sweep"])
    assert status == 0
    assert (line["event"], line["complete"], line["folder"]) == ("result", True, str(SWEEP))
    assert line["verdict"] == api.Result(SWEEP).verdict.sentence()


def test_a_sweep_that_is_interrupted_says_how_to_go_on(
    config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*args: object, output: Path, **kwargs: object) -> None:
        output.mkdir(parents=True, exist_ok=True)
        (output / "journal.jsonl").write_text("{}\n")
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "run", run)
    status, output = run_cli("run", config, "--log-format", "json")
    line = _lines(output)[-1]
    assert how_it_stopped(output) == "in order"
    assert (status, line["event"], line["level"]) == (130, "stopped", "warning")
    assert line["resume"].endswith("/config.yaml --output runs/small --resume")


def test_the_log_of_a_job_names_the_folder_of_its_sweep(
    config: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(api, "run", lambda *args, **kwargs: api.Result(SWEEP))
    for form in ("json", "text"):
        where = tmp_path / form
        _, output = run_cli("run", config, "--log-format", form, "--output", str(where))
        assert folder_of("small", output) == str(where)
        assert how_it_stopped(output) == "done"


def test_the_guide_names_every_event_and_field() -> None:
    guide = GUIDE.read_text()
    for event in events._EVENTS:
        assert f"| `{event.kind}` |" in guide
        row = next(line for line in guide.splitlines() if line.startswith(f"| `{event.kind}` |"))
        for field in fields(event):
            named = {"id": "trial"}.get(field.name, field.name)
            if issubclass(event, events.TrialEvent) or field.name != "id":
                assert field.name == "time" or f"`{named}`" in row, (event.kind, field.name)
    assert all(f"| `{name}` |" in guide for name in json_log.OTHER_EVENTS)
