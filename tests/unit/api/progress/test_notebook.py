"""The display of a notebook: one output, changed now and then, that ends as things stand."""

from __future__ import annotations

import logging
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from mtl_search.api.callback import notifier
from mtl_search.api.progress import choose_display
from mtl_search.api.progress.base import SweepProgress
from mtl_search.api.progress.notebook import NotebookProgress
from tests.support.recorded_sweeps import Builder


class Output:
    """What a notebook shows, each state of it."""

    def __init__(self) -> None:
        self.states: list[dict[str, str]] = []

    def display(self, bundle: dict[str, str], **_: Any) -> Output:
        self.states.append(bundle)
        return self

    update = display


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Output:
    shown = Output()
    monkeypatch.setattr("IPython.display.display", shown.display)
    return shown


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_it_changes_now_and_then_and_ends_with_the_result(
    tmp_path: Path, output: Output, clock: list[float]
) -> None:
    with NotebookProgress() as progress:
        assert output.states[-1]["text/plain"] == "starting Ray"
        made = Builder(tmp_path / "journal.jsonl", observers=[notifier(progress)])
        made.event("sweep", id="sweep-1", name="demo", budget={"search": 3})
        for number in range(2):
            clock[0] += 10
            made.trial("search", number, 0.5 + 0.1 * number)
        states = len(output.states)
        made.trial("search", 2, 0.4)
        assert len(output.states) == states  # it is too soon
        assert "1 of 3 trials" in output.states[-1]["text/plain"]
        made.event("done")
    last = output.states[-1]
    assert last["text/plain"] == (
        "complete after 20 s · 3 of 3 trials · best +0.6000 (search-0001)"
    )
    assert 'value="3" max="3"' in last["text/html"]
    assert len(output.states) < 8


def test_failures_are_listed_and_escaped(tmp_path: Path, output: Output) -> None:
    with NotebookProgress() as progress:
        made = Builder(tmp_path / "journal.jsonl", observers=[notifier(progress)])
        made.event("sweep", id="sweep-1", name="demo", budget={"search": 9})
        for number in range(7):
            made.end(made.begin("search", number), "FAIL", "trace\n<b>no memory</b>")
    html = output.states[-1]["text/html"]
    assert html.count("failed: &lt;b&gt;no memory&lt;/b&gt;") == 5
    assert "and 2 more failed" in html
    assert "<b>" not in html
    assert output.states[-1]["text/plain"].startswith("stopped after")


def test_an_error_ends_it_as_failed(output: Output) -> None:
    with pytest.raises(ValueError, match="wrong"), NotebookProgress():
        raise ValueError("wrong")
    assert output.states[-1]["text/plain"] == "failed"


def test_the_wait_for_mlflow_is_shown(output: Output, clock: list[float]) -> None:
    with NotebookProgress() as progress:
        clock[0] += 1
        progress.on_tracking_wait(3, 10)
    assert output.states[1]["text/plain"] == "MLflow: 3 of 10 events sent"


def test_ray_and_tqdm_do_not_ask_for_ipywidgets(output: Output) -> None:
    NotebookProgress()
    assert not logging.getLogger("ray.widgets.util").isEnabledFor(logging.INFO)
    warnings.warn("IProgress not found. Please update jupyter and ipywidgets.", stacklevel=1)


class Shell:
    """IPython's shell at a prompt, or with a kernel."""

    def __init__(self, kernel: object | None = None) -> None:
        if kernel is not None:
            self.kernel = kernel


def test_a_notebook_shows_progress_and_may_be_asked_not_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mtl_search.api.progress._ipython", lambda: Shell(kernel=object()))
    assert type(choose_display(None)) is NotebookProgress
    assert type(choose_display(True)) is NotebookProgress
    assert type(choose_display(False)) is SweepProgress


def test_ipython_without_a_terminal_is_like_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtl_search.api.progress._ipython", Shell)
    assert type(choose_display(None)) is SweepProgress
