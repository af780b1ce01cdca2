"""Sweeps of version 0.1 are reported, resumed and extended, with the figures that it gave.

The verdict on them is by the statistics of today.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search import ConfigError, Result, load_config
from mtl_search.config import to_dict
from mtl_search.storage.events import event_from_json
from mtl_search.storage.records import SweepRecord
from tests.support.repository import REPOSITORY
from tests.support.sweeps import assert_sound, outcome
from tests.unit.cli.test_fuzzing import run_cli

pytestmark = pytest.mark.integration

SWEEPS = REPOSITORY / "tests" / "fixtures" / "sweeps"
NAMES = ("v0_1_finished", "v0_1_interrupted", "v0_1_population")
# Names of arms and roles that version 0.1 gave in other words.
RENAMED = {"seed/uw": "warmup/uw", "final": "last"}


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def copy(name: str, folder: Path) -> Path:
    """A sweep that a test may write to."""
    return shutil.copytree(SWEEPS / name, folder / name)


def expected(name: str) -> dict[str, Any]:
    """What version 0.1 said of a sweep."""
    said: dict[str, Any] = json.loads((SWEEPS / name / "expected.json").read_text())
    for row in said["trials"]:
        row["arm"] = RENAMED.get(row["arm"], row["arm"])
        row["role"] = RENAMED.get(row["role"], row["role"])
        row["skill"] = None  # its journal has no scales of the metrics
    return said


def lines(sweep: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (sweep / "journal.jsonl").read_text().splitlines()]


def test_python_says_of_it_what_it_said(name: str) -> None:
    result = Result(SWEEPS / name)
    said = expected(name)
    rows = json.loads(result.trials.to_json(orient="records", double_precision=15))
    for row, then in zip(rows, said["trials"], strict=True):
        assert {key: row[key] for key in then} == then  # later versions say more
    assert json.loads(json.dumps(result.verdict.to_dict())) == said["verdict"]
    best = result.best
    assert {
        "trial": best.trial,
        "objective": best.objective,
        "weights": best.weights,
        "depth": best.depth,
        "parameters": best.parameters,
    } == said["best"]
    assert result.mean_weights() == said["mean_weights"]


def test_the_command_line_says_of_it_what_it_said(name: str) -> None:
    status, output = run_cli("report", str(SWEEPS / name), "--format", "json")
    assert status == 0
    report = json.loads(output)
    said = expected(name)
    assert report["verdict"]["sentence"] == said["verdict"]["sentence"]
    assert [row["trial"] for row in report["trials"]] == [row["trial"] for row in said["trials"]]
    status, output = run_cli("report", str(SWEEPS / name))
    assert status == 0
    assert said["verdict"]["sentence"][:20] in output


def test_its_networks_predict_the_same_numbers(name: str) -> None:
    inputs = {
        view: np.random.default_rng(0).random((2, 1, 8, 8), dtype=np.float32)
        for view in ("left", "right")
    }
    result, said = Result(SWEEPS / name), expected(name)
    predictions = result.load_model(said["best"]["trial"]).predict(inputs)
    figures = {task: np.asarray(values).tolist() for task, values in predictions.items()}
    assert figures == said["predictions"]


def test_every_line_of_its_journal_is_written_today_as_it_was(name: str) -> None:
    for text in (SWEEPS / name / "journal.jsonl").read_text().splitlines():
        event = event_from_json(json.loads(text))
        assert event is not None
        assert json.dumps(event.to_json()) == text


@pytest.mark.usefixtures("ray_cluster")
def test_one_that_was_interrupted_is_resumed_by_the_command_that_was_printed(
    tmp_path: Path,
) -> None:
    """What version 0.1 had drawn ends as in the sweep that was not interrupted.

    The arms then get what they have today: single-task arms more trials, and the search arm the
    trials with equal weights as its history, so that it draws other values from there on.
    """
    sweep = copy("v0_1_interrupted", tmp_path)
    before = lines(sweep)
    finished = {trial.id for trial in Result(sweep).record if trial.finished}
    status, output = run_cli("run", str(sweep / "config.yaml"), "--output", str(sweep), "--resume")
    assert status == 0, output
    record = assert_sound(sweep)
    assert lines(sweep)[: len(before)] == before
    # Better references change what finished trials are worth by Δm, which is all that is new.
    trained = [line for line in lines(sweep)[len(before) :] if line["event"] != "judged"]
    assert not finished & {line.get("id") for line in trained}
    ended, whole = unjudged(record), unjudged(Result(SWEEPS / "v0_1_finished").record)
    same = [name for name in whole if not name.startswith("final") and name != "search-0003"]
    assert len(same) == 12
    assert {name: ended[name] for name in same} == {name: whole[name] for name in same}
    assert {arm: record.budget[arm] for arm in ("single/left", "single/right")} == {
        "single/left": 4,
        "single/right": 4,
    }
    # The points that come after equal weights are tried in their turn, none twice.
    weights = [trial.info["weights"] for trial in record.arm("search")]
    assert len(set(weights[0].values())) == 1
    assert weights[2]["left"] == pytest.approx(4 * weights[2]["right"])
    # Now it has the scales of the metrics; the objective stays the one of its config.
    result = Result(sweep)
    assert result.verdict.measure == "delta_m"
    assert result.trials.skill.notna().all()


def unjudged(record: SweepRecord) -> dict[str, dict[str, Any]]:
    """The outcome, but for the objectives, which are by the references of today."""
    return {
        name: trial | {"epochs": [(number, metrics) for number, _, metrics in trial["epochs"]]}
        for name, trial in outcome(record).items()
    }


@pytest.mark.usefixtures("ray_cluster")
def test_one_that_is_finished_is_extended(tmp_path: Path) -> None:
    sweep = copy("v0_1_finished", tmp_path)
    before = lines(sweep)
    status, output = run_cli(
        "run", str(sweep / "config.yaml"), "--output", str(sweep), "--resume", "search.trials=8"
    )
    assert status == 0, output
    record: SweepRecord = assert_sound(sweep)
    assert lines(sweep)[: len(before)] == before
    for arm in ("equal", "search"):
        own = [trial for trial in record.arm(arm) if not trial.is_offered]
        assert record.budget[arm] == len(own) == 8
    assert record.budget["warmup/uw"] == len(record.arm("warmup/uw")) == 1
    assert not {line.get("id") for line in before} & {
        line["id"] for line in lines(sweep)[len(before) :] if line["event"] == "trial"
    }
    # It is written with the names of today, so that it can be read wherever it lies.
    shutil.copy(sweep / "config.yaml", tmp_path / "elsewhere.yaml")
    config = load_config(tmp_path / "elsewhere.yaml")
    assert to_dict(config) == to_dict(load_config(sweep / "config.yaml"))
    assert config.search.finalists.ablate_auxiliary
    assert config.resources.node_timeout_s == 60


def test_its_config_is_refused_where_no_sweep_lies(name: str, tmp_path: Path) -> None:
    """There it is a user's config: the message says what the key is called today."""
    path = tmp_path / "mine.yaml"
    shutil.copy(SWEEPS / name / "config.yaml", path)
    with pytest.raises(ConfigError, match=r"this key is now called 'tasks\.left\.side_inputs'"):
        load_config(path)
