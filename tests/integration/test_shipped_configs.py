"""Every config that is shipped runs to its verdict, in small, on its own data.

In every run of the tests there is one of each kind of data; the others take as long again:
`pytest -m large tests/integration/test_shipped_configs.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import mtl_search
from mtl_search.search.arms import plan_arms
from mtl_search.search.protocol.budget import trial_budget
from tests.support.garments import write_garments
from tests.support.repository import REPOSITORY
from tests.support.sweeps import assert_sound

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.usefixtures("ray_cluster", "runs"),
]

# Config → folders of the shared data that it reads. The quickstart is run in earnest by `make
# quickstart`.
DATA: dict[str, tuple[str, ...]] = {
    "penguins": (),
    "faces": ("cmu_faces",),
    "siamese_pairs": ("fashion_mnist",),
    "category_age": ("fashion_mnist",),
    "relation_entities": ("semeval2010_task8",),
    "relation_entities_strict": ("semeval2010_task8",),
    "relation_transformer": ("semeval2010_task8",),
    "two_sources": ("fashion_mnist", "mnist"),
    "tox21": ("tox21",),
    "census": ("census_income_kdd",),
    "digit_pairs": (),
    "quickstart": (),
}


def test_every_shipped_config_is_here() -> None:
    assert {path.stem for path in (REPOSITORY / "configs").glob("*.yaml")} == DATA.keys()


# A table, images and sentences; pairs of images take minutes.
_QUICK = ("penguins", "faces", "relation_entities")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=() if n in _QUICK else pytest.mark.large)
        for n in DATA
        if n != "quickstart"
    ],
)
def test_a_smoke_run_ends_with_a_verdict(
    name: str,
    tmp_path: Path,
    shared_data: Path,
    need_data: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for folder in DATA[name]:
        need_data(folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MTL_DATA", str(shared_data))
    monkeypatch.setenv("MTL_GARMENTS", str(tmp_path / "garments"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if name == "category_age":
        write_garments(tmp_path / "garments", shared_data / "fashion_mnist", 400)
    config = mtl_search.smoke(mtl_search.load_config(REPOSITORY / "configs" / f"{name}.yaml"))
    result = mtl_search.run(config)
    record = assert_sound(result.directory)
    failed = {trial.id: trial.reason for trial in record if trial.state != "COMPLETE"}
    assert result.complete
    assert not failed
    assert record.budget == trial_budget(config, plan_arms(config))
    assert result.verdict.sharing is not None
    assert result.verdict.auxiliary.keys() == config.tasks.keys() - config.main_tasks
