"""`mtl-search report`, and how a sweep is named on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtl_search.cli.errors import WRONG_INPUT
from mtl_search.cli.reporting import find_sweep
from mtl_search.config import to_yaml
from tests.support.recorded_sweeps import Builder, whole
from tests.support.recorded_sweeps import config as demo
from tests.unit.cli.test_fuzzing import run_cli


@pytest.mark.parametrize(
    "named", [[], ["small"], ["small.yaml"], ["/abs/nowhere"], ["**"], ["runs"]]
)
def test_report_without_a_sweep_says_so(config: str, named: list[str]) -> None:
    status, output = run_cli("report", *named)
    assert status == WRONG_INPUT
    assert output.startswith("error: ")
    assert "internal error" not in output


def sweep(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(to_yaml(demo()))
    whole(Builder(folder / "journal.jsonl"), trials=2, seeds=2)
    return folder


def test_a_sweep_is_named_by_folder_name_or_config(config: str, tmp_path: Path) -> None:
    first = sweep(Path("runs") / "small")
    last = sweep(Path("runs") / "small-2")
    assert find_sweep(first) == first
    assert find_sweep(Path("small-2")) == last
    assert find_sweep(Path("small")) == first
    assert find_sweep(Path(config)) == last
    assert find_sweep(None) == last


def test_both_formats_come_from_the_journal(config: str) -> None:
    folder = str(sweep(Path("runs") / "small"))
    status, output = run_cli("report", folder)
    assert (status, "Verdict" in output) == (0, True)
    status, output = run_cli("report", folder, "--format", "json")
    assert (status, json.loads(output)["sweep"]["complete"]) == (0, True)
    status, output = run_cli("report", folder, "--format", "jason")
    assert (status, "did you mean 'json'?" in output) == (WRONG_INPUT, True)


def test_a_misspelt_path_names_its_neighbour(config: str) -> None:
    sweep(Path("runs") / "small")
    status, output = run_cli("report", "runs/smal")
    assert status == WRONG_INPUT
    assert "runs/smal is not there; did you mean 'runs/small'?" in output
    status, output = run_cli("report", "runs/../runs")
    assert "holds no sweep" in output
