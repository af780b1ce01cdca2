"""`mtl-search export-weights`: what is printed where, and how mistakes end."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import yaml

from mtl_search.cli.errors import WRONG_INPUT
from mtl_search.cli.exporting import export_command
from mtl_search.config import load_config, to_yaml
from tests.support.recorded_sweeps import Builder, config
from tests.unit.cli.test_fuzzing import run_cli

TRAJECTORY = ((1.0, 1.0, 1.0), (1.5, 0.5, 1.0), (2.0, 0.25, 0.75))


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep whose best trial, search-0000, is adaptive; search-0001 is static."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "demo"
    made = Builder(folder / "journal.jsonl").sweep()
    (folder / "config.yaml").write_text(to_yaml(config()))
    trial = made.begin("search", 0, adaptive=True)
    for epoch, weights in enumerate(TRAJECTORY, start=1):
        logged = {
            f"train/weight/{task}": weight for task, weight in zip(made.tasks, weights, strict=True)
        }
        made.epoch(trial, epoch, 0.9, dict.fromkeys(made.tasks, 0.9), **logged)
    made.end(trial)
    made.trial("search", 1, 0.5, weights={"left": 2.0, "right": 1.0, "same": 1.0}, adaptive=False)
    return folder


def printed(
    capsys: pytest.CaptureFixture[str], trial: str | None, last: int | None, form: str
) -> tuple[str, str]:
    export_command(None, trial, last, form)
    return capsys.readouterr()


def test_yaml_is_a_section_of_a_config(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, note = printed(capsys, None, None, "yaml")
    weights = {
        task: section["loss_weight"] for task, section in yaml.safe_load(out)["tasks"].items()
    }
    assert weights == {"left": 1.5, "right": 0.583333, "same": 0.916667}
    assert "Mean of 3 epoch(s) of search-0000, which is adaptive" in note
    assert "training.weighting=static" in note


def test_overrides_are_taken_by_the_command_line(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, note = printed(capsys, None, 2, "overrides")
    assert (
        out.strip()
        == "tasks.left.loss_weight=1.75 tasks.right.loss_weight=0.375 tasks.same.loss_weight=0.875"
    )
    tasks = load_config(sweep / "config.yaml", shlex.split(out)).tasks
    assert tasks["left"].loss_weight == 1.75
    assert "the last 2 epoch(s)" in note


def test_a_static_trial_has_its_loss_weights_and_a_note(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, note = printed(capsys, "search-0001", None, "json")
    weights = {"left": 1.5, "right": 0.75, "same": 0.75}
    assert json.loads(out) == {"trial": "search-0001", "adaptive": False, "weights": weights}
    assert note.startswith("search-0001 has static weights: these are its loss weights.")
    assert "The best adaptive trial is search-0000 (--trial)." in note
    assert "whatever --last says" in printed(capsys, "search-0001", 2, "json")[1]


def test_the_help_has_an_example(sweep: Path) -> None:
    status, output = run_cli("export-weights", "--help")
    assert status == 0
    assert "export-weights runs/faces --trial search-0003 --last 5" in " ".join(output.split())
    assert "search.initial_points" in output


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("demo", "--format", "jason"), WRONG_INPUT, "did you mean 'json'?"),
        (("demo", "--last", "0"), WRONG_INPUT, "--last: a whole number of 1 or more"),
        (("demo", "--trial", "serch-0001"), WRONG_INPUT, "did you mean 'search-0001'?"),
        (("nowhere",), WRONG_INPUT, "no sweep called 'nowhere'"),
    ],
)
def test_a_mistake_ends_in_one_message(
    sweep: Path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    found, output = run_cli("export-weights", *arguments)
    assert found == status
    assert output.startswith("error: ")
    assert words in output
    assert "Traceback" not in output
