"""The data set `sources`: what each source's own builder gives, its mistakes under its own path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.config import load_config, override
from mtl_search.data import SPLITS, DataSet, Target
from mtl_search.data.datasets.build import build_data
from mtl_search.data.mixture import Proportional, Temperature
from mtl_search.errors import ConfigError, DataError
from tests.support import user_data_sets as user_sets
from tests.support.repository import CONFIGS
from tests.unit.data.conftest import Build

USER = f"{user_sets.__name__}:"
HERE = f"{__name__}:"
CONFIG = CONFIGS / "two_sources.yaml"


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, n in (("a", 40), ("b", 20)):
        x = np.random.default_rng(n).normal(size=(n, 2))
        np.savez(f"{name}.npz", x=x, wide=np.ones((n, 3)), y=np.arange(n) % 3, z=np.arange(n) % 2)


def _arrays(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "arrays",
        "path": f"{name}.npz",
        "inputs": ["x"],
        "targets": {"y": "class"},
        **more,
    }


def _sources(**changes: Any) -> dict[str, Any]:
    return {"a": _arrays("a"), "b": _arrays("b", targets={"z": "binary"}), **changes}


def own_sources() -> DataSet:
    """A data set of the user's that has sources already."""
    from mtl_search.data import concat

    return concat({"u": user_sets.line(), "v": user_sets.line()})


def blaming() -> DataSet:
    """A function of the user's whose error has a path of its own."""
    raise ConfigError("too few", path="settings.depth", value=3)


def test_each_source_is_what_it_is_alone(build: Build) -> None:
    joined = build("sources", sources=_sources(), run_seed=4)
    start = 0
    for name, arguments in _sources().items():
        alone = build(arguments.pop("name"), run_seed=4, **arguments)
        for split in SPLITS:
            rows = alone.splits[split]
            assert np.isin(rows + start, joined.splits[split]).all(), name
            np.testing.assert_array_equal(joined.inputs["x"][rows + start], alone.inputs["x"][rows])
            for target in alone.targets:
                np.testing.assert_array_equal(
                    joined.targets[target].values[rows + start], alone.targets[target].values[rows]
                )
        start += len(alone)
    assert joined.sources is not None
    assert (joined.sources.names, joined.sources.sampling, joined.sources.batches) == (
        ("a", "b"),
        Proportional(),
        None,
    )


def test_policy_and_length_of_an_epoch(build: Build) -> None:
    joined = build(
        "sources", sources=_sources(), sampling={"name": "temperature", "temperature": 3}, batches=7
    )
    assert joined.sources is not None
    assert (joined.sources.sampling, joined.sources.batches) == (Temperature(3), 7)


def test_a_seed_of_a_source_stays_its_own(build: Build) -> None:
    first, second = (
        build("sources", sources=_sources(a=_arrays("a", seed=9)), run_seed=seed) for seed in (0, 1)
    )
    own = [
        np.sort(data.splits["train"][data.splits["train"] < 40]).tolist()
        for data in (first, second)
    ]
    other = [
        np.sort(data.splits["train"][data.splits["train"] >= 40]).tolist()
        for data in (first, second)
    ]
    assert own[0] == own[1]
    assert other[0] != other[1]


def test_sources_of_the_users(build: Build) -> None:
    joined = build(
        "sources",
        sources={"short": USER + "READY", "long": {"name": USER + "line", "n": 30, "slope": 2.0}},
    )
    assert len(joined) == 40
    assert joined.targets["y"].labelled.all()


def test_targets_are_told_apart_by_renaming(build: Build) -> None:
    same = {"a": _arrays("a"), "b": _arrays("b")}
    assert list(build("sources", sources=same).targets) == ["y"]
    renamed = build("sources", sources=same, rename={"b": {"y": "other"}})
    assert renamed.targets["y"].labelled.tolist() == [True] * 40 + [False] * 20
    assert renamed.targets["other"].labelled.tolist() == [False] * 40 + [True] * 20
    both = {"a": _arrays("a", targets={"y": "class", "z": "binary"})}
    swapped = build("sources", sources=both, rename={"a": {"y": "z", "z": "y"}})
    assert {name: target.kind for name, target in swapped.targets.items()} == {
        "z": "class",
        "y": "binary",
    }


@pytest.mark.parametrize(
    ("arguments", "path", "message"),
    [
        ({"sources": {}}, "data.sources", "a mapping from names"),
        ({"sources": ["a", "b"]}, "data.sources", "a mapping from names"),
        ({"sources": _sources(a=3)}, "data.sources.a", "a name is needed, or {name"),
        (
            {"sources": _sources(a={"path": "a.npz"})},
            "data.sources.a",
            "a name is needed, or {name",
        ),
        ({"sources": _sources(a="arays")}, "data.sources.a.name", "did you mean 'arrays'"),
        ({"sources": _sources(a="arrays")}, "data.sources.a", "needs 'path', 'inputs', 'targets'"),
        ({"sources": _sources(a=_arrays("aa"))}, "data.sources.a.path", "did you mean 'a.npz'"),
        (
            {"sources": _sources(a=_arrays("a", inputs=["w"]))},
            "data.sources.a.inputs",
            "there is no array",
        ),
        (
            {"sources": _sources(a=_arrays("a", targets={"y": "clas"}))},
            "data.sources.a.targets.y.kind",
            "'class'",
        ),
        ({"sources": _sources(a=_arrays("a", pth=1))}, "data.sources.a.pth", "did you mean 'path'"),
        (
            {"sources": _sources(a={"name": USER + "READY", "n": 3})},
            "data.sources.a",
            "takes no arguments",
        ),
        ({"sources": _sources(a=HERE + "blaming")}, "data.sources.a", "too few(.|\n)*value:    3"),
        (
            {"sources": _sources(a=HERE + "own_sources")},
            "data.sources.a.name",
            "sources of its own",
        ),
        ({"sources": {"a.b": _arrays("a")}}, "data.sources", "part of dotted paths"),
        (
            {"sources": _sources(), "sampling": "temprature"},
            "data.sampling.name",
            "did you mean 'temperature'",
        ),
        ({"sources": _sources(), "batches": 0}, "data.batches", "at least 1"),
        ({"sources": _sources(), "rename": {"c": {"y": "k"}}}, "data.rename.c", "no source"),
        ({"sources": _sources(), "rename": {"a": {"z": "k"}}}, "data.rename.a.z", "no target"),
        ({"sources": _sources(), "rename": {"a": {"y": 3}}}, "data.rename.a.y", "a text"),
        ({"sources": _sources(), "rename": {"a": "y"}}, "data.rename.a", "a mapping"),
        (
            {
                "sources": {"a": _arrays("a", targets={"y": "class", "z": "binary"})},
                "rename": {"a": {"y": "z"}},
            },
            "data.rename.a",
            "one name",
        ),
    ],
)
def test_mistakes_have_their_path(
    build: Build, arguments: dict[str, Any], path: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        build("sources", **arguments)
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (USER + "failing", "^source 'b': the data set .* failed with KeyError"),
        (
            _arrays("b", inputs={"x": "wide"}),
            "'x' is N × 3 float32 in source 'b' and N × 2 float32 in source 'a'",
        ),
        (_arrays("b", inputs=["wide"]), "source 'b' has no view 'x', which source 'a' has"),
        (
            _arrays("b", targets={"y": {"kind": "real", "key": "z"}}),
            "'y' is real in source 'b' and class",
        ),
    ],
)
def test_data_that_does_not_fit_names_its_source(build: Build, changed: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        build("sources", sources=_sources(b=changed))


def test_the_shipped_config(need_data: Callable[[str], Path]) -> None:
    need_data("mnist")
    config = load_config(CONFIG, {"data.sources.digits.train": 100})
    shared = str(need_data("fashion_mnist").parent)
    for source, folder in (("garments", "fashion_mnist"), ("digits", "mnist")):
        files = {
            key: f"{shared}/{folder}/t10k-{key}-idx{n}-ubyte.gz"
            for key, n in (("images", 3), ("labels", 1))
        }
        config = override(
            config, {f"data.sources.{source}.{key}": file for key, file in files.items()}
        )
    joined = build_data(config.data, config.seed)
    labelled = {
        task: joined.targets[task].labelled[joined.splits["train"]].sum() for task in config.tasks
    }
    assert labelled == {"garment": 3000, "digit": 100, "same": 3100}
    assert joined.sources is not None
    assert joined.sources.sampling == Temperature(2)


def test_labels_of_two_tables_with_other_classes_are_no_one_target(build: Build) -> None:
    # Each file tells its own classes.
    Path("one.csv").write_text("n,y\n" + "\n".join(f"{k},{'abc'[k % 3]}" for k in range(30)))
    Path("two.csv").write_text("n,y\n" + "\n".join(f"{k},{'ab'[k % 2]}" for k in range(30)))
    tables = {
        name: {"name": "table", "path": f"{name}.csv", "targets": {"y": "class"}}
        for name in ("one", "two")
    }
    with pytest.raises(
        DataError, match=r"class \(a, b\) in source 'two' and class \(a, b, c\) in source 'one'"
    ):
        build("sources", sources=tables)
    renamed = build("sources", sources=tables, rename={"two": {"y": "y2"}})
    assert isinstance(renamed.targets["y2"], Target)
