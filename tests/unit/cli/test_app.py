"""The command line without running a sweep: help, validate, run, and how mistakes end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray
import yaml

from mtl_search import __version__, api
from mtl_search.cli.errors import FAILED, WRONG_INPUT
from mtl_search.cluster import connection
from mtl_search.config import Config
from mtl_search.search import resume
from mtl_search.storage import sweep_directory
from mtl_search.storage.events import (
    EpochEnded,
    State,
    SweepCompleted,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from mtl_search.storage.journal import Journal
from tests.support import small_sweeps as small
from tests.unit.cli.test_fuzzing import run_cli


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A good config, in a folder where there is no sweep yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(small.tree()))
    return "small.yaml"


def test_version_and_help() -> None:
    assert run_cli("--version") == (0, f"mtl-search {__version__}\n")
    status, output = run_cli("--help")
    assert status == 0
    assert all(
        command in output
        for command in ("run", "validate", "report", "export-weights", "list", "ui")
    )


def test_validate_shows_everything_that_a_sweep_would_be(config: str) -> None:
    status, output = run_cli("validate", config, "search.trials=6")
    assert status == 0
    for words in (
        "kind",
        "regression",
        "dense 4",
        "Softmax head",
        "tasks.*.loss_weight",
        "single/size",
        "log-uniform",
    ):
        assert words in output
    assert "is valid" in output
    assert f"mtl-search run {config} search.trials=6" in output
    assert not (Path.cwd() / "runs").exists()


def test_validate_counts_the_trials_that_find_weights(config: str) -> None:
    status, output = run_cli("validate", config, "search.initial_points=[uw, {size: 2}]")
    assert status == 0
    lines = [" ".join(line.split()) for line in output.splitlines()]
    assert "warmup/uw 1" in lines
    assert not any(line.startswith("final/seed") for line in lines)
    assert any(line.startswith("Budget — 23 trials") for line in lines)
    status, output = run_cli("validate", config, "search.initial_points=[uv]")
    assert status == WRONG_INPUT
    assert output.startswith("error: search.initial_points[0]: ")
    assert "did you mean 'uw'?" in output


def test_validate_sums_up_the_network(config: str) -> None:
    _, output = run_cli("validate", config)
    lines = {
        line[:25].rstrip(): line[25:].split() for line in output.split("Network")[1].splitlines()
    }
    assert lines["x (view)"] == ["(B,", "6)", "0", "all", "tasks"]
    assert lines["dense 4"] == ["(B,", "4)", "20", "size"], "the last of those with this label"
    assert lines["Softmax head"] == ["(B,", "3)", "15", "kind"]
    assert lines["Binary head"] == ["(B)", "5", "flag"]
    shared, own = 6 * 4 + 4, 3 * (4 * 4 + 4) + 15 + 5 + 5
    totals = ("total", "shared by several tasks", "of one task", "trainable", "frozen")
    assert [lines[name] for name in totals] == [
        [str(n)] for n in (shared + own, shared, own, shared + own, 0)
    ]


@pytest.mark.parametrize("file", ["model.png", "pictures/model.svg", "model.PDF"])
def test_validate_draws_the_network(config: str, file: str) -> None:
    status, output = run_cli("validate", config, "--graph", file)
    assert status == 0
    assert f"Picture of the network: {file}" in output
    assert Path(file).stat().st_size > 4000


def test_a_picture_that_cannot_be_is_refused_before_the_data_are_read(config: str) -> None:
    status, output = run_cli("validate", config, "data=no.such.module:x", "--graph", "model.jpg")
    assert status == WRONG_INPUT
    assert "error: --graph: the ending of a picture's file" in output
    assert ".png, .svg, .pdf" in output
    status, output = run_cli("validate", config, "--graph", f"{config}/model.png")
    assert (status, "error: --graph: cannot write the picture" in output) == (WRONG_INPUT, True)


def test_validate_shows_what_is_drawn_from_each_source(config: str) -> None:
    rows = np.arange(120)
    for name, train in (("big", 100), ("small", 10)):
        content: dict[str, Any] = {
            "x": np.ones((120, 2)),
            name: rows % 2,
            "train": rows[:train],
            "validation": rows[100:110],
            "test": rows[110:],
        }
        np.savez(f"{name}.npz", **content)
    arrays = {
        "name": "arrays",
        "inputs": ["x"],
        "splits": {name: name for name in ("train", "validation", "test")},
    }
    tree = small.tree() | {
        "data": {
            "name": "sources",
            "sampling": {"name": "temperature", "temperature": 2},
            "sources": {
                n: {**arrays, "path": f"{n}.npz", "targets": {n: "binary"}}
                for n in ("big", "small")
            },
        },
        "tasks": {"big": {"head": "binary"}, "small": {"head": "binary"}},
    }
    tree["search"] |= {"space": {"training.optimizer.lr": {"log": [1e-3, 1e-1]}}}
    Path("two.yaml").write_text(yaml.safe_dump(tree))
    status, output = run_cli("validate", "two.yaml")
    assert status == 0, output
    assert "Sources — Temperature(temperature=2)" in output
    lines = [" ".join(line.split()) for line in output.splitlines()]
    assert "big 100 10 10 75.97% 10.64 of 14 batches" in lines  # 14 = ceil(110 / 8)
    assert "small 10 10 10 24.03% 3.364 of 14 batches" in lines
    del tree["tasks"]["small"]
    Path("one.yaml").write_text(yaml.safe_dump(tree))
    assert "none: no task has a label in it" in run_cli("validate", "one.yaml")[1]
    status, output = run_cli("validate", "two.yaml", "data.sources.small.path=smal.npz")
    assert status == WRONG_INPUT
    assert "error: data.sources.small.path: there is no such file" in output


@pytest.mark.parametrize(
    ("override", "where"),
    [
        ("search.trails=3", "search.trails: unknown key"),
        ("tasks.kind.head=softmx", "tasks.kind.head.name: there is no head"),
        ("model.sharing.depth=9", "model.sharing.depth: "),
        (
            "search.space.training.optimizer.lrr={log: [1e-4, 1e-2]}",
            "search.space.training.optimizer.lrr: ",
        ),
        ("tasks.kind.metrics=[r2]", "tasks.kind.metrics: "),
        ("data=no.such.module:x", "data.name: cannot import module"),
        ("nothing", "an override is written path=value"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "run"])
def test_a_wrong_config_ends_in_one_message_and_status_2(
    config: str, command: str, override: str, where: str
) -> None:
    status, output = run_cli(command, config, override)
    assert status == WRONG_INPUT
    assert f"error: {where}" in output
    assert "Traceback" not in output
    assert not (Path.cwd() / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--address", "127.0.0.1:1"], "no Ray cluster answers at"),
        (["--address", "nowhere"], "cannot use the Ray address 'nowhere', which is no HOST:PORT"),
        (["--address", "no.such.host.invalid:6379"], "no.such.host.invalid"),
        (["--address", "ray://127.0.0.1:10001"], "start it there"),
        (
            ["resources.storage=/proc/mtl_search"],
            "resources.storage: no folder that can be written to",
        ),
        (["resources.storage=nowhere://x"], "resources.storage: no folder that can be written to"),
    ],
)
def test_a_cluster_or_storage_that_is_not_there_is_wrong_input(
    config: str, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(connection, "_PROBE_TIMEOUT_S", 0.2)
    status, output = run_cli("run", config, *arguments)
    assert status == WRONG_INPUT
    assert words in output
    assert output.count("error: ") == 1
    assert "Traceback" not in output
    assert not (Path.cwd() / "runs").exists()


def test_a_missing_config_names_the_nearest(config: str) -> None:
    status, output = run_cli("validate", "smal.yaml")
    assert status == WRONG_INPUT
    assert f"did you mean '{config}'?" in output


@pytest.mark.parametrize("state", ["COMPLETE", "FAIL"])
def test_a_sweep_in_which_nothing_was_trained_has_failed(
    config: str, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(parsed: Config, *, output: Path, **rest: object) -> api.Result:
        resume.prepare(output, parsed, resume=False)
        journal = Journal(output / sweep_directory.JOURNAL)
        journal.write(SweepStarted(id="0", name="small", budget={"search": 1}))
        journal.write(
            TrialStarted(
                id="search-0000",
                arm="search",
                number=0,
                params={},
                distributions={},
                overrides={},
                seed=0,
            )
        )
        if state == "COMPLETE":
            metrics = {
                "val/kind/accuracy": 0.5,
                "val/size/r2": 0.1,
                "val/size/mae": 1.0,
                "val/flag/accuracy": 0.5,
            }
            journal.write(
                EpochEnded(id="search-0000", epoch=1, metrics=metrics, objective=0.1, seconds=1.0)
            )
        journal.write(TrialEnded(id="search-0000", state=state, reason=""))
        journal.write(SweepCompleted())
        journal.close()
        return api.Result(output)

    monkeypatch.setattr(api, "run", run)
    assert run_cli("run", config)[0] == (0 if state == "COMPLETE" else FAILED)


def test_resume_without_a_sweep_says_so(config: str) -> None:
    status, output = run_cli("run", config, "--resume")
    assert status == FAILED
    assert "no sweep called 'small'" in output
