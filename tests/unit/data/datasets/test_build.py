"""`build_data`: from the config's section `data` to a data set, with every mistake named."""

from __future__ import annotations

import contextlib
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mtl_search.config import Component
from mtl_search.data import DataSet
from mtl_search.data.datasets import DATASETS
from mtl_search.data.datasets.build import build_data
from mtl_search.errors import ConfigError, DataError, MtlSearchError
from tests.support import user_data_sets as user_sets
from tests.support.marked_files import plain, write_marked
from tests.unit.data.conftest import Build

USER = f"{user_sets.__name__}:"

# Arguments with which each member builds something small; a new member without them fails here.
SMALL: dict[str, dict[str, Any]] = {
    "digit_attributes": {"labelled": 30},
    "digit_pairs": {"train": 20, "validation": 10, "test": 10},
    "table": {"path": "package:palmerpenguins/data/penguins.csv", "targets": {"species": "class"}},
    "arrays": {"path": "a.npz", "inputs": ["x"], "targets": {"y": "class"}},
    "image_pairs": {"path": "images.npz", "train": 20, "validation": 10, "test": 10},
    "image_folder": {
        "path": "images",
        "labels": "labels.csv",
        "targets": {"y": "class"},
        "size": 4,
        "cache": "kept",
    },
    "sources": {
        "sources": {
            "a": {"name": "arrays", "path": "a.npz", "inputs": ["x"], "targets": {"y": "class"}},
            "b": {"name": "arrays", "path": "a.npz", "inputs": ["x"], "targets": {"y": "class"}},
        }
    },
    "semeval": {"train": "train.txt", "test": "test.txt", "length": 8, "validation": 0.2},
}
# Any text is a name on the hub, which would be asked for it.
NOT_DRAWN = {"encoder"}


@pytest.fixture(autouse=True)
def in_a_folder_with_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    np.savez("a.npz", x=rng.normal(size=(30, 2)), y=np.arange(30) % 3)
    images = rng.integers(0, 256, (60, 4, 4), np.uint8)
    np.savez("images.npz", images=images, labels=np.arange(60) % 3)
    (tmp_path / "images").mkdir()
    for number, image in enumerate(images[:20]):
        Image.fromarray(image).save(f"images/{number}.png")
    lines = [f"{number}.png,{number % 3}" for number in range(20)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,y", *lines]))
    write_marked(tmp_path / "train.txt", [plain(number) for number in range(20)])
    write_marked(tmp_path / "test.txt", [plain(100 + number) for number in range(4)])


def test_every_member_has_a_case() -> None:
    assert set(SMALL) == set(DATASETS)


@pytest.mark.parametrize("name", DATASETS)
def test_the_seed_of_the_run_reaches_the_data(build: Build, name: str) -> None:
    first, again, other = (build(name, **SMALL[name], run_seed=seed) for seed in (1, 1, 2))

    def seen(data: DataSet) -> Any:
        (view, x), rows = next(iter(data.inputs.items())), data.splits["train"]
        return view, x[rows].tolist()

    assert seen(first) == seen(again) != seen(other)
    assert seen(build(name, **SMALL[name], seed=1, run_seed=5)) == seen(first)


@pytest.mark.parametrize("name", DATASETS)
def test_members_describe_their_arguments(name: str) -> None:
    described = inspect.getdoc(DATASETS[name]) or ""
    for argument in DATASETS.arguments(name):
        assert f"\n    {argument}: " in described, f"{name} says nothing of {argument}"


@pytest.mark.parametrize("name", DATASETS)
def test_an_unknown_argument(build: Build, name: str) -> None:
    with pytest.raises(
        ConfigError, match=r"has no such argument(.|\n)*did you mean 'seed'"
    ) as caught:
        build(name, **SMALL[name], sead=3)
    assert caught.value.path == "data.sead"


@pytest.mark.parametrize(
    ("name", "missing"), [("table", "'path', 'targets'"), ("arrays", "'path', 'inputs'")]
)
def test_a_missing_argument(build: Build, name: str, missing: str) -> None:
    with pytest.raises(ConfigError, match=f"needs {missing}"):
        build(name)


def test_an_unknown_data_set(build: Build) -> None:
    with pytest.raises(ConfigError, match="did you mean 'digit_pairs'") as caught:
        build("digit_pair")
    assert caught.value.path == "data.name"
    assert "value:    'digit_pair'" in str(caught.value)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 50)
    | st.floats()
    | st.sampled_from(["species", "x", "class", ""]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["train", "test", "y", "kind"]), inner)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("name", DATASETS)
@given(data=st.data())
def test_no_value_of_any_argument_ends_in_a_traceback(name: str, data: st.DataObject) -> None:
    changes = data.draw(
        st.dictionaries(
            st.sampled_from([key for key in DATASETS.arguments(name) if key not in NOT_DRAWN]),
            values,
            min_size=1,
            max_size=3,
        )
    )
    with contextlib.suppress(MtlSearchError):
        build_data(Component.model_validate({"name": name, **SMALL[name], **changes}), 0)


class TestUserCode:
    def test_a_function_gets_its_arguments_and_the_seed(self, build: Build) -> None:
        data = build(USER + "line", n=20, slope=2.0, run_seed=4)
        expected = user_sets.line(20, 4, 2.0)
        assert (data.inputs["x"][:] == expected.inputs["x"][:]).all()
        assert (data.targets["y"].values == expected.targets["y"].values).all()

    def test_a_seed_of_its_own_stays(self, build: Build) -> None:
        data = build(USER + "line", seed=9, run_seed=4)
        assert (data.inputs["x"][:] == user_sets.line(seed=9).inputs["x"][:]).all()

    @pytest.mark.parametrize("name", ["without_seed", "open_ended"])
    def test_functions_without_a_seed(self, build: Build, name: str) -> None:
        assert len(build(USER + name, n=12, run_seed=4)) == 12

    def test_a_data_set_itself(self, build: Build) -> None:
        assert build(USER + "READY") is user_sets.READY
        with pytest.raises(ConfigError, match=r"takes no arguments(.|\n)*'n': 3"):
            build(USER + "READY", n=3)

    @pytest.mark.parametrize(
        ("name", "arguments", "path", "message"),
        [
            (USER + "line", {"N": 3}, "data.N", "did you mean 'n'"),
            (USER + "lime", {}, "data.name", "did you mean 'line'"),
            ("no_such_module:line", {}, "data.name", "cannot import module"),
            (USER + "NUMBER", {}, "data.name", "this is a int, neither a DataSet nor a function"),
            ("builtins:dict", {}, "data.name", "wrap it in a `def`"),
        ],
    )
    def test_mistakes_in_the_config(
        self, build: Build, name: str, arguments: dict[str, Any], path: str, message: str
    ) -> None:
        with pytest.raises(ConfigError, match=message) as caught:
            build(name, **arguments)
        assert caught.value.path == path

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("not_a_data_set", "returned a dict; a mtl_search.data.DataSet is needed"),
            ("failing", "failed with KeyError: 'no such key'"),
            ("complaining", "^the archive is empty$"),
            ("line", "failed with TypeError"),
        ],
    )
    def test_failures_of_the_function(self, build: Build, name: str, message: str) -> None:
        arguments = {"n": "many"} if name == "line" else {}
        with pytest.raises(DataError, match=message) as caught:
            build(USER + name, **arguments)
        if name == "failing":
            assert isinstance(caught.value.__cause__, KeyError), (
                "the cause is kept for whoever wants to see it"
            )
