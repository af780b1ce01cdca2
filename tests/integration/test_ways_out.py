"""A model that has left predicts the same numbers from raw rows, wherever it went.

In every run of the tests tiny networks of each kind of data; whole sweeps of the shipped configs
take minutes: `pytest -m large tests/integration/test_ways_out.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

import mtl_search
from mtl_search.config import override
from mtl_search.data.preparation.base import take_rows
from mtl_search.export import Model
from mtl_search.export.members import Member
from tests.support.exports import model_of
from tests.support.garments import write_garments
from tests.support.raw_rows import CASES, SHARING, Case
from tests.support.repository import REPOSITORY
from tests.support.shipped_rows import shipped_rows
from tests.support.ways_out import WAYS, assert_same, predict_elsewhere, write

pytestmark = pytest.mark.integration

# Case of `raw_rows` → sharing policy, or separate networks, and ways out beside `Model.save`.
# Graphs of every policy, head and backbone are tested with `Model.export`.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "penguins": ("cross_stitch", ()),
    "molecules": ("soft", ()),
    "arrays": ("hard", ()),
    "images": ("hard", ()),
    "pairs": ("cross_stitch", ("pyfunc",)),
    "sentences": ("soft", ()),
    "vectors": ("separate", ()),
    "subwords": ("hard", ("pyfunc",)),
}
POLICIES = (*SHARING, "separate")


def _model(case: Case, sharing: str) -> Model:
    data = case.data()
    if sharing != "separate":
        return model_of(case.config(sharing), data)
    members = []
    for seed, task in enumerate(case.tasks):
        config = case.config()
        alone = config.model_copy(update={"tasks": {task: config.tasks[task]}})
        members.append(Member(model_of(alone, data, seed).members[0].predictor, (task,)))
    return Model(members)


def _write(name: str, sharing: str, ways: Collection[str], folder: Path) -> Path:
    """Write a model of a case on some ways out, and return their folder."""
    case_folder = folder / "here" / f"{name}-{sharing}"
    case_folder.mkdir(parents=True)
    case = CASES[name](case_folder)
    written = folder / "written" / case_folder.name
    write(_model(case, sharing), take_rows(case.raw, slice(0, 12)), written, ways)
    return written


def test_every_kind_of_data_leaves_whole(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("onnxruntime")
    assert {sharing for sharing, _ in KINDS.values()} == set(POLICIES)
    written = [_write(name, sharing, ways, tmp_path) for name, (sharing, ways) in KINDS.items()]
    found = predict_elsewhere(written, [tmp_path / "here"], tmp_path / "elsewhere")
    assert found.keys() == {*(folder.name for folder in written), "loaded"}
    assert_same(found)


@pytest.mark.large
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("sharing", POLICIES)
def test_every_kind_of_data_takes_every_way(sharing: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("onnxruntime")
    written = [_write(name, sharing, WAYS, tmp_path) for name in KINDS]
    found = predict_elsewhere(written, [tmp_path / "here"], tmp_path / "elsewhere")
    assert_same(found)


# Config → the folder of the shared data that it reads, and what makes its sweep quicker.
SWEEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "penguins": ("", {}),
    "census": ("census_income_kdd", {}),
    "tox21": ("tox21", {}),
    "siamese_pairs": ("fashion_mnist", {"model.backbone.model": "resnet10t", "data.limit": 2000}),
    "faces": ("cmu_faces", {}),
    "category_age": ("fashion_mnist", {"model.backbone.model": "resnet18"}),
    "relation_entities": ("semeval2010_task8", {"data.limit": 60}),
    "relation_transformer": ("semeval2010_task8", {"data.limit": 60}),
}


@pytest.mark.large
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("ray_cluster", "runs")
@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_leaves_whole(
    name: str,
    tmp_path: Path,
    shared_data: Path,
    need_data: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, changes = SWEEPS[name]
    need_data(folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MTL_DATA", str(shared_data))
    monkeypatch.setenv("MTL_GARMENTS", str(tmp_path / "garments"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if name == "category_age":
        write_garments(tmp_path / "garments", shared_data / "fashion_mnist", 400)
    small = mtl_search.smoke(mtl_search.load_config(REPOSITORY / "configs" / f"{name}.yaml"))
    config = override(small, changes)
    result = mtl_search.run(config)
    rows = shipped_rows(config)
    written = [tmp_path / "written" / way for way in ("recommended", "single")]
    write(result.load_model(), rows, written[0])
    write(result.load_model(arm="single"), rows, written[1])
    gone = [tmp_path / "runs", tmp_path / "cache", tmp_path / "garments", shared_data]
    assert_same(predict_elsewhere(written, gone, tmp_path / "elsewhere"))
