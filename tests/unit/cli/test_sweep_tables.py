"""The tables of `mtl-search validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from mtl_search.cli.errors import WRONG_INPUT
from tests.support import small_sweeps as small
from tests.unit.cli.test_fuzzing import run_cli


def test_validate_counts_the_trials_that_find_weights(config: str) -> None:
    status, output = run_cli("validate", config, "search.initial_points=[uw, {size: 2}]")
    assert status == 0
    lines = [" ".join(line.split()) for line in output.splitlines()]
    assert "warmup/uw 1" in lines
    assert not any(line.startswith("final/seed") for line in lines)
    assert any(line.startswith("Budget — 27 trials or more") for line in lines)
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
