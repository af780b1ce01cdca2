"""A model that has left predicts the same numbers from raw rows, wherever it went.

In every run of the tests tiny networks of each kind of data; whole sweeps of the shipped configs
take minutes: `pytest -m large tests/integration/test_ways_out.py`.
"""

from __future__ import annotations

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
    "penguins": ("cross_stitch", ("pyfunc",)),
    "molecules": ("soft", ("torch",)),
    "arrays": ("hard", ("torch",)),
    "images": ("hard", ("pyfunc", "torch")),
    "pairs": ("cross_stitch", ("torch",)),
    "sentences": ("soft", ("torch",)),
    "vectors": ("separate", ("torch",)),
    "subwords": ("hard", WAYS),
}
assert {sharing for sharing, _ in KINDS.values()} == {*SHARING, "separate"}


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


def test_every_kind_of_data_leaves_whole(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("onnxruntime")
    here = tmp_path / "here"
    written = []
    for name, (sharing, ways) in KINDS.items():
        (here / name).mkdir(parents=True)
        case = CASES[name](here / name)
        rows = take_rows(case.raw, slice(0, 12))
        written.append(tmp_path / "written" / name)
        write(_model(case, sharing), rows, written[-1], ways)
    found = predict_elsewhere(written, here, tmp_path / "elsewhere")
    assert found.keys() == {*KINDS, "loaded"}
    assert_same(found)
