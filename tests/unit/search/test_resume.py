"""What may change when a sweep is resumed, and what may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.config import load_config, override
from mtl_search.errors import ConfigError, SweepError
from mtl_search.search import resume
from mtl_search.storage import sweep_directory
from mtl_search.storage.events import SweepStarted
from mtl_search.storage.journal import Journal
from tests.support import small_sweeps as small


def begin(folder: Path) -> None:
    journal = Journal(folder / sweep_directory.JOURNAL)
    journal.write(SweepStarted(id="ab12", name=small.config().name))
    journal.close()


def test_a_new_sweep_leaves_its_resolved_config(tmp_path: Path) -> None:
    config = small.config({"search.trials": 9})
    resume.prepare(tmp_path / "demo", config, resume=False)
    assert load_config(tmp_path / "demo" / sweep_directory.CONFIG) == config


def test_a_sweep_is_not_overwritten_and_nothing_is_not_resumed(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="holds no sweep to resume"):
        resume.prepare(tmp_path / "demo", small.config(), resume=True)
    (tmp_path / "demo").mkdir()
    begin(tmp_path / "demo")
    with pytest.raises(SweepError, match="holds a sweep already"):
        resume.prepare(tmp_path / "demo", small.config(), resume=False)


MAY_CHANGE: list[tuple[str, Any]] = [
    ("search.trials", 7),
    ("search.finalists.top", 2),
    ("search.finalists.splits", 10),
    ("search.finalists.seeds", 5),
    ("search.finalists.max_seeds", 9),
    ("search.finalists.margin", 0.01),
    ("search.retries", 9),
    ("search.stop_after_failures", 1),
    ("resources.max_concurrent", 1),
    ("tracking.uri", "sqlite:///x.db"),
    ("report.reference", False),
    ("training.checkpoint_every_s", 1),
    ("training.cache_on_device", "never"),
]


MUST_NOT_CHANGE: list[tuple[str, Any]] = [
    ("name", "other"),
    ("seed", 5),
    ("data", "digit_pairs"),
    ("tasks.kind.loss_weight", 2),
    ("tasks.kind.metrics", ["f1"]),
    ("model.sharing.depth", 2),
    ("training.epochs", 9),
    ("training.pack", 4),
    ("training.optimizer.weight_decay", 0.1),
    ("search.space.model.sharing.depth", {"int": [0, 1]}),
    ("search.space.model.sharing.depth", None),
    ("search.space.training.clip_norm", {"float": [1, 2]}),
    ("search.arms", ["search"]),
    ("search.sampler", "random"),
    ("search.scheduler", "asha"),
    ("search.objective", "val/kind/accuracy"),
    ("search.finalists.ablate_auxiliary", False),
    ("tasks.size.importance", 2),
]


def test_a_population_keeps_its_size(tmp_path: Path) -> None:
    config = small.config({"search.scheduler": {"name": "pbt", "interval": 1}})
    resume.prepare(tmp_path / "demo", config, resume=False)
    begin(tmp_path / "demo")
    resume.prepare(tmp_path / "demo", config, resume=True)
    for trials in (3, 9):
        with pytest.raises(
            ConfigError, match=r"^search.trials: a population keeps its size \(it was 4\)"
        ):
            resume.prepare(
                tmp_path / "demo", override(config, {"search.trials": trials}), resume=True
            )


def resumed(tmp_path: Path, change: dict[str, Any]) -> None:
    resume.prepare(tmp_path / "demo", small.config(), resume=False)
    begin(tmp_path / "demo")
    resume.prepare(tmp_path / "demo", small.config(change), resume=True)


@pytest.mark.parametrize(("path", "value"), MAY_CHANGE)
def test_what_may_change_on_resume_is_written_down(tmp_path: Path, path: str, value: Any) -> None:
    resumed(tmp_path, {path: value})
    assert load_config(tmp_path / "demo" / sweep_directory.CONFIG) == small.config({path: value})


@pytest.mark.parametrize(
    ("path", "value"), MUST_NOT_CHANGE, ids=[f"{path} {value}" for path, value in MUST_NOT_CHANGE]
)
def test_what_a_trial_is_must_not_change(tmp_path: Path, path: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        resumed(tmp_path, {path: value})
    assert caught.value.path.startswith(path)
    assert "cannot change when a sweep is resumed" in str(caught.value)
    assert load_config(tmp_path / "demo" / sweep_directory.CONFIG) == small.config()


def test_a_sweep_is_extended_and_never_cut(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"search\.trials: a sweep can be extended, not cut \(it had 4\)"
    ):
        resumed(tmp_path, {"search.trials": 3})


def test_secrets_may_change_and_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_password(password: str) -> Any:
        monkeypatch.setenv("DATA_KEY", f"key-{password}")
        address = f"https://me:{password}@data.test/a.csv"
        return load_config(small.tree(), {"data.url": address, "data.key": "${DATA_KEY}"})

    folder = tmp_path / "demo"
    resume.prepare(folder, with_password("first-one"), resume=False)
    text = (folder / sweep_directory.CONFIG).read_text()
    assert "first-one" not in text
    assert "https://me:***@data.test/a.csv" in text
    assert "${DATA_KEY}" in text
    begin(folder)
    resume.prepare(folder, with_password("second-one"), resume=True)
    # A sweep of an earlier version has the values.
    old = text.replace("${DATA_KEY}", "key-third-one").replace("***", "third-one")
    (folder / sweep_directory.CONFIG).write_text(old)
    resume.prepare(folder, with_password("third-one"), resume=True)
    other = override(with_password("third-one"), {"data.url": "https://other.test"})
    with pytest.raises(ConfigError, match=r"data\.url: cannot change") as error:
        resume.prepare(folder, other, resume=True)
    assert "third-one" not in str(error.value)
