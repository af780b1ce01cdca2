"""A model that has left predicts the same numbers from raw rows, wherever it went.

In every run of the tests tiny networks of each kind of data; whole sweeps of the shipped configs
take minutes: `pytest -m large tests/integration/test_ways_out.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from mtl_search.data.preparation.base import take_rows
from mtl_search.export import Model
from mtl_search.export.members import Member
from tests.support.exports import model_of
from tests.support.raw_rows import CASES, SHARING, Case
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
    found = predict_elsewhere(written, tmp_path / "here", tmp_path / "elsewhere")
    assert found.keys() == {*(folder.name for folder in written), "loaded"}
    assert_same(found)


@pytest.mark.large
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("sharing", POLICIES)
def test_every_kind_of_data_takes_every_way(sharing: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("onnxruntime")
    written = [_write(name, sharing, WAYS, tmp_path) for name in KINDS]
    found = predict_elsewhere(written, tmp_path / "here", tmp_path / "elsewhere")
    assert_same(found)
