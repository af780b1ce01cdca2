"""A whole sweep in this process, with real networks, that ends with random splits of a table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.judge import judge
from mtl_search.config import Config
from mtl_search.data import SPLITS, load_data
from mtl_search.report.export import to_json
from mtl_search.storage.events import MetricScales
from mtl_search.training.runner import TrialRunner
from tests.support import small_sweeps as small
from tests.support.fake_tune import SCALES, FakeTune, Session

ROWS = 100


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The small sweep on a table: three features, of which class and number can be learned."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 3))
    lines = ["a,b,c,kind,size,flag"]
    for row in x:
        kind = "xyz"[int(row[:3].argmax())]
        size = row[0] + row[1]
        lines.append(f"{row[0]:.4f},{row[1]:.4f},{row[2]:.4f},{kind},{size:.4f},{int(row[2] > 0)}")
    file = tmp_path / "table.csv"
    file.write_text("\n".join(lines) + "\n")
    targets = {"kind": "class", "size": "real", "flag": "binary"}
    data = {"name": "table", "path": str(file), "targets": targets, "stratify": "kind"}
    few = {"training.epochs": 2, "search.trials": 1, "search.finalists.ablate_auxiliary": False}
    views = {f"tasks.{task}.view": "table" for task in targets}
    space = {"training.optimizer.lr": {"log": [1e-3, 1e-1]}}
    splits = {"search.finalists.splits": 3, "search.space": space}
    return small.config({"data": data, **few, **views, **splits})


def run(fake: FakeTune, config: Config) -> None:
    """Train every trial to its end, as a slot would."""
    runner = TrialRunner(load_data(config))
    while (answer := fake.suggest()) != "FINISHED":
        trial = str(answer)
        spec = fake.live[trial]
        runner.setup(spec)
        report = runner.train_until(1)
        fake.report(trial, report)
        while report.state == "RUNNING":
            report = runner.train_until(report.epoch + 1)
            fake.report(trial, report)
        fake.complete(trial, report)
        del fake.live[trial]


def test_networks_are_judged_on_partitions_of_their_own(session: Session, config: Config) -> None:
    fake = session(config, slots=1)
    fake.journal.write(MetricScales(values=SCALES))
    run(fake, config)
    on_splits = [trial for trial in fake.record if trial.arm.is_split]
    assert fake.searcher.finished
    assert len(on_splits) == 3 * 4
    assert {trial.state for trial in on_splits} == {"COMPLETE"}
    for trial in on_splits:
        assert trial.info["samples"] == dict(zip(SPLITS, (60, 20, 20), strict=True))
        assert not (fake.context.directory / "trials" / trial.id / "test_items.npz").exists()

    folder = fake.context.directory
    verdict = judge(fake.record, config, folder)
    assert list(verdict.splits) == ["single", "twin/separate"]
    single = verdict.splits["single"]
    assert single.counts() == "3 random splits"
    assert single.gain.degrees_of_freedom == 2
    # n_test / n_train is 1/3, so the second part of the variance is as large as the first.
    assert single.gain.item_variance == pytest.approx(single.gain.seed_variance)
    for split, gain in single.by_split.items():
        assert gain == pytest.approx(_skill(fake, split, 0) - _skill(fake, split, 1))
    assert f" Over 3 random splits: {single.numbers()} against tuned" in verdict.sentence()
    tree = json.loads(json.dumps(to_json(Evidence.of(fake.record, config, folder))))
    assert tree["verdict"]["splits"]["single"]["begun"] == 3


def _skill(fake: FakeTune, split: int, side: int) -> float:
    """Mean skill on a partition, of the shared network (0) or the single-task ones (1)."""
    trials = [t for t in fake.record if t.split == split and t.arm.is_single == bool(side)]
    test = {key: value for t in trials if not t.arm.is_twin for key, value in t.test.items()}
    skills = []
    for key in ("kind/accuracy", "size/r2"):
        trivial, perfect = SCALES[key]
        skills.append(max(-1.0, (test[f"test/{key}"] - trivial) / (perfect - trivial)))
    return sum(skills) / 2
