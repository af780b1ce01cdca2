"""A real notebook, run by a real kernel: sweeps show themselves, and progress is one output."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import sync_playwright

import mtl_search
from tests.support.repository import REPOSITORY

pytestmark = pytest.mark.integration

SWEEP = REPOSITORY / "tests" / "fixtures" / "sweeps" / "v0_1_finished"

REPLAY = f"""
import json
from mtl_search.api.callback import notifier
from mtl_search.api.progress import choose_display
from mtl_search.storage.events import event_from_json
from mtl_search.storage.records import SweepRecord

record = SweepRecord()
with choose_display(None) as display:
    notify = notifier(display)
    for line in open({str(SWEEP / "journal.jsonl")!r}):
        event = event_from_json(json.loads(line))
        record.apply(event)
        notify(event, record)
"""
CELLS = (
    f"import mtl_search\nresult = mtl_search.Result({str(SWEEP)!r})\nresult",
    "result.verdict",
    "result.health",
    "result.best",
    REPLAY,
)


def run(cells: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Run the cells of a notebook; returns the outputs of each."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "jupyter"))
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    nbformat.validate(notebook)
    return [cell.outputs for cell in notebook.cells]


def test_a_recorded_sweep_shows_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, need_program: Callable[[str], str]
) -> None:
    chromium = need_program("chromium")
    outputs = run(CELLS, tmp_path, monkeypatch)
    assert [len(of_cell) for of_cell in outputs] == [1] * len(CELLS)  # nothing on the side
    pages = [of_cell[0]["data"]["text/html"] for of_cell in outputs]
    result = mtl_search.Result(SWEEP)
    sentence = escape(result.verdict.sentence())
    assert sentence in pages[0]
    assert sentence in pages[1]
    assert repr(result) == outputs[0][0]["data"]["text/plain"]
    trials = len(result.record.trials)
    assert f"{trials} of {trials} trials" in pages[-1]

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        for text, background in (("#ddd", "#111"), ("#111", "#fff")):
            style = f"color:{text};background:{background}"
            tab.set_content(f'<body style="{style}">{"".join(pages)}</body>')
            assert tab.locator("progress").evaluate("bar => bar.value / bar.max") == 1
            colours = tab.locator("div, td, th, b").evaluate_all(
                "all => [...new Set(all.map(e => getComputedStyle(e).color))]"
            )
            assert len(colours) == 1  # that of the page, whatever its theme
        browser.close()


@pytest.mark.large
def test_a_sweep_that_runs_shows_its_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = str(REPOSITORY / "configs" / "quickstart.yaml")
    changes = {"tracking.enabled": False}
    start = (
        "import mtl_search\n"
        f"config = mtl_search.smoke(mtl_search.load_config({config!r}, {changes!r}))\n"
        "result = mtl_search.run(config, address='local')"
    )
    outputs = run((start, "result"), tmp_path, monkeypatch)
    shown = [output for output in outputs[0] if output["output_type"] == "display_data"]
    assert len(shown) == 1
    assert shown[0]["data"]["text/plain"].startswith("complete after ")
    assert "Verdict:" in outputs[1][0]["data"]["text/html"]
