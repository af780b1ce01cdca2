"""The digest of a data set: stable where nothing differs, another where anything does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.data import DataSet, Sources, Target, concat
from mtl_search.data import digest as digest_module
from mtl_search.data.digest import data_digest
from mtl_search.data.readers.cache import files_digest
from mtl_search.data.readers.images import ImageFiles
from mtl_search.data.readers.memmap import MemmapArray

# That of `make`, on any machine; another one means that all digests in journals are void.
EXPECTED = "bb933eaa260e897b3247d05aee6615f7"


def make() -> DataSet:
    """Six samples with tokens, a mask, missing labels and several kinds of targets."""
    return DataSet(
        inputs={
            "x": np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2),
            "tokens": np.arange(18).reshape(6, 3),
        },
        targets={
            "real": Target(np.array([0.5, np.nan, 2.0, -1.0, 0.0, 3.0]), "real"),
            "class": Target(np.array([0, 1, 2, -1, 1, 0]), "class", ("a", "b", "ç")),
            "tags": Target(np.ones((6, 3), np.int64), "tags", ("o", "b")),
        },
        splits=splits_of([0, 1, 2], [3, 4], [5]),
        masks={"tokens": np.array([[True, True, False]] * 6)},
    )


def splits_of(train: Any, validation: Any, test: Any) -> dict[str, Any]:
    return {"train": train, "validation": validation, "test": test}


def changed_array(x: Any) -> Any:
    x = x.copy()
    x.flat[-1] = x.flat[-2] if x.flat[-1] != x.flat[-2] else 0
    return x


def with_target(data: DataSet, name: str, **changes: Any) -> DataSet:
    return replace(data, targets={**data.targets, name: replace(data.targets[name], **changes)})


CHANGES: dict[str, Callable[[DataSet], DataSet]] = {
    "an input": lambda d: replace(d, inputs={**d.inputs, "x": changed_array(d.inputs["x"])}),
    "a token": lambda d: replace(
        d, inputs={**d.inputs, "tokens": changed_array(d.inputs["tokens"])}
    ),
    "a name of an input": lambda d: replace(
        d, inputs={"z": d.inputs["x"], "tokens": d.inputs["tokens"]}
    ),
    "a label": lambda d: with_target(d, "class", values=np.array([0, 1, 2, -1, 1, 1])),
    "a missing label": lambda d: with_target(d, "class", values=np.array([0, 1, 2, -1, 1, -1])),
    "a tag": lambda d: with_target(d, "tags", values=changed_array(d.targets["tags"].values)),
    "a name of a class": lambda d: with_target(d, "class", classes=("a", "b", "c")),
    "a name of a target": lambda d: replace(
        d, targets={("regel" if n == "real" else n): t for n, t in d.targets.items()}
    ),
    "a mask": lambda d: replace(d, masks={"tokens": changed_array(d.masks["tokens"])}),
    "no mask": lambda d: replace(d, masks={}),
    "a split": lambda d: replace(d, splits=splits_of([0, 1, 5], [3, 4], [2])),
    "sources": lambda d: replace(d, sources=Sources(("a", "b"), np.array([0, 1, 0, 1, 0, 1]))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_gives_another_digest(change: str) -> None:
    assert data_digest(CHANGES[change](make())) != data_digest(make())


def test_it_is_known_beforehand() -> None:
    assert data_digest(make()) == EXPECTED


def test_another_process_has_the_same() -> None:
    code = "from tests.unit.data.test_digest import make, data_digest; print(data_digest(make()))"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == EXPECTED


def test_the_order_of_names_and_the_form_of_zero_and_nan_do_not_count() -> None:
    data = make()
    values = data.targets["real"].values.copy()
    values[4] = -0.0
    values.view(np.uint32)[1] ^= 1 << 31  # a NaN with a sign
    other = with_target(data, "real", values=values)
    other = replace(other, targets=dict(reversed(list(other.targets.items()))))
    assert data_digest(other) == data_digest(data)


def test_an_array_in_a_file_is_as_one_in_memory(tmp_path: Path) -> None:
    data = make()
    np.save(tmp_path / "x.npy", np.asarray(data.inputs["x"][:]))
    mapped = replace(data, inputs={**data.inputs, "x": MemmapArray(tmp_path / "x.npy")})
    assert data_digest(mapped) == EXPECTED


def test_of_a_large_input_only_blocks_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting:
        shape, dtype, nbytes = (4000, 2), np.dtype(np.float32), 32000
        rows = 0

        def __len__(self) -> int:
            return 4000

        def __getitem__(self, rows: Any) -> Any:
            x = np.arange(8000, dtype=np.float32).reshape(4000, 2)[rows]
            Counting.rows += len(x)
            return x

    data = DataSet(
        {"x": Counting()},
        {"y": Target(np.arange(4000.0), "real")},
        splits_of(range(3000), [3000], [3001]),
    )
    whole = data_digest(data)
    assert Counting.rows == 4000
    monkeypatch.setattr(digest_module, "_WHOLE_BYTES", 16000)
    monkeypatch.setattr(digest_module, "_BLOCK_BYTES", 64 * 40)
    assert data_digest(data) != whole
    assert Counting.rows == 4000 + 64 * 5


def test_image_files_are_known_by_names_sizes_and_bytes(tmp_path: Path) -> None:
    def digest_of(folder: Path, names: list[str]) -> str:
        paths = [folder / name for name in names]
        images = ImageFiles(paths, (1, 2, 2), files_digest(names, paths))
        targets = {"y": Target(np.array([0, 1, 1, 0]), "binary")}
        splits = splits_of([0, 1], [2], [3])
        alone = DataSet({"image": images}, targets, splits)
        both = concat({"a": alone, "b": alone})  # an array of arrays, none of which is decoded
        return data_digest(alone) + data_digest(both)

    names = ["a.png", "b.png", "c.png", "d.png"]
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).write_bytes(name.encode())  # never decoded
    first = digest_of(tmp_path / "here", names)
    assert digest_of(tmp_path / "there", names) == first
    (tmp_path / "there" / "b.png").write_bytes(b"B.png")
    assert digest_of(tmp_path / "there", names) != first
