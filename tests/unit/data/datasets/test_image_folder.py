"""A folder of images with a CSV of labels: right pixels, missing labels, bad files named."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.config import load_config
from mtl_search.data import SPLITS, DataSet
from mtl_search.data.datasets.build import build_data
from mtl_search.data.readers.images import ImageFiles
from mtl_search.data.readers.memmap import MemmapArray
from mtl_search.errors import ConfigError, DataError
from tests.support.repository import CONFIGS
from tests.unit.data.conftest import Build

Image = pytest.importorskip(
    "PIL.Image", reason="an optional dependency: pip install 'mtl-search[images]'"
)

CONFIG = CONFIGS / "category_age.yaml"
N = 24
Make = Callable[..., DataSet]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images whose colour is their number, and their labels; every fifth shade is missing."""
    (tmp_path / "images").mkdir()
    lines = ["file,kind,shade,weight,person,part"]
    for k in range(N):
        Image.new("RGB", (8, 6), (k * 10, 255 - k * 10, 7)).save(tmp_path / "images" / f"{k}.png")
        shade = "" if k % 5 == 4 else ("dark", "light")[k % 2]
        part = ("train", "validation", "test")[0 if k < 12 else 1 + k % 2]
        lines.append(f"{k}.png,{'abc'[k % 3]},{shade},{k / 2},p{k // 4},{part}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def make(folder: Path, build: Build) -> Make:
    def make(**given: Any) -> DataSet:
        usual: dict[str, Any] = {
            "path": str(folder / "images"),
            "labels": str(folder / "labels.csv"),
            "targets": {"kind": "class", "shade": "binary", "weight": "real"},
            "size": [6, 8],
            "cache": str(folder / "cache"),
        }
        return build("image_folder", **{**usual, **given})

    return make


def numbers(data: DataSet) -> Any:
    return np.rint(data.inputs["image"][np.arange(len(data))][:, 0, 0, 0] * 25.5).astype(int)


@pytest.mark.parametrize("decoded", ["auto", "never"])
def test_pixels_and_labels_of_every_image(make: Make, decoded: str) -> None:
    data = make(decoded=decoded)
    images = data.inputs["image"]
    assert isinstance(images, MemmapArray if decoded == "auto" else ImageFiles)
    assert (images.shape, images.dtype, len(data)) == ((N, 3, 6, 8), np.dtype(np.float32), N)
    assert (numbers(data) == np.arange(N)).all()
    assert np.allclose(images[5:6][0, 1], (255 - 50) / 255)
    assert np.allclose(images[np.array([9, 2])][:, 2], 7 / 255)
    assert (data.targets["kind"].values == np.arange(N) % 3).all()
    assert (data.targets["shade"].labelled == (np.arange(N) % 5 != 4)).all()
    assert (data.targets["weight"].values == np.arange(N) / 2).all()


def test_streamed_images_can_be_sent_to_another_process(make: Make) -> None:
    images = make(decoded="never").inputs["image"]
    again = pickle.loads(pickle.dumps(images))
    assert (again[:3] == images[:3]).all()
    assert again[np.array([], int)].shape == (0, 3, 6, 8)


def test_grey_and_square(make: Make) -> None:
    assert make(channels=1, size=4).inputs["image"].shape == (N, 1, 4, 4)


def test_splits(make: Make) -> None:
    given = make(split="part").splits
    assert given["train"].tolist() == list(range(12))
    assert given["validation"].tolist() == list(range(12, 24, 2))
    home = {row: name for name, rows in make(group="person").splits.items() for row in rows}
    assert all(len({home[row] for row in range(k, k + 4)}) == 1 for k in range(0, N, 4))
    kinds = make(stratify="kind", fractions=[0.5, 0.25, 0.25])
    for name in SPLITS:
        assert np.ptp(np.bincount(kinds.targets["kind"].values[kinds.splits[name]])) <= 2


def test_images_are_decoded_once(make: Make, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    first = make()

    def fail(*_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr("mtl_search.data.datasets.image_folder.check_images", fail)
    again = make(seed=3, targets={"kind": "class"})
    assert (again.inputs["image"][:] == first.inputs["image"][:]).all()
    with pytest.raises(AssertionError, match="decoded again"):
        make(size=3)
    Image.new("RGB", (9, 9)).save(folder / "images" / "3.png")
    with pytest.raises(AssertionError, match="decoded again"):
        make()


def test_a_cache_takes_half_of_the_free_disk_at_most(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    size = N * 3 * 6 * 8

    def images(free: int, **arguments: Any) -> Any:
        monkeypatch.setattr(
            "mtl_search.data.datasets.image_folder.free_bytes", lambda _folder: free
        )
        return make(**arguments).inputs["image"]

    elsewhere = str(tmp_path / "elsewhere")
    assert isinstance(images(2 * size - 1, cache=elsewhere), ImageFiles)
    assert isinstance(images(2 * size - 1, cache=elsewhere, decoded="cache"), MemmapArray)
    assert isinstance(images(0, cache=elsewhere), MemmapArray)  # they are there already
    assert isinstance(images(2 * size, cache=str(tmp_path / "another")), MemmapArray)


def _break(folder: Path) -> None:
    """A truncated file, an empty one, a text, a missing one, and one whose data are damaged."""
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    images = folder / "images"
    Image.fromarray(noise).save(images / "2.jpg")
    (images / "2.jpg").write_bytes((images / "2.jpg").read_bytes()[:900])
    (images / "2.jpg").rename(images / "2.png")
    (images / "7.png").write_bytes(b"")
    (images / "11.png").write_text("no image")
    (images / "13.png").unlink()
    Image.fromarray(noise).save(images / "17.png")
    content = bytearray((images / "17.png").read_bytes())
    content[5000:5200] = bytes(200)
    (images / "17.png").write_bytes(content)


BAD = [2, 7, 11, 13, 17]


@pytest.mark.parametrize("decoded", ["auto", "never"])
def test_bad_files_are_named_and_fatal_unless_skipped(
    make: Make, folder: Path, decoded: str, caplog: pytest.LogCaptureFixture
) -> None:
    _break(folder)
    with pytest.raises(DataError, match="5 of 24 images are bad") as caught:
        make(decoded=decoded)
    assert all(f"{number}.png" in str(caught.value) for number in BAD)
    data = make(decoded=decoded, bad_images="skip")
    assert "5 of 24 images are bad" in caplog.text
    rows = np.concatenate([data.splits[name] for name in SPLITS])
    assert sorted(rows) == [k for k in range(N) if k not in BAD]
    assert (numbers(data)[rows] == rows).all()
    given = make(decoded=decoded, bad_images="skip", split="part")
    assert not set(np.concatenate(list(given.splits.values()))) & set(BAD)


def test_a_file_that_goes_bad_later_ends_no_trial(
    make: Make, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    images = make(decoded="never").inputs["image"]
    (folder / "images" / "4.png").write_bytes(b"")
    assert not images[4:5].any()
    assert "4.png can no longer be decoded" in caplog.text
    assert images[5:6].any()


def test_no_good_image_at_all(make: Make, folder: Path) -> None:
    for file in (folder / "images").iterdir():
        file.write_bytes(b"x")
    with pytest.raises(DataError, match=r"24 of 24 images are bad.*and 19 more"):
        make(bad_images="skip")


def test_a_file_named_twice_is_refused(make: Make, folder: Path) -> None:
    with (folder / "labels.csv").open("a") as file:
        file.write("\n3.png,a,dark,1,p9,test")
    with pytest.raises(DataError, match=r"'3\.png' is named twice.* line 26 of"):
        make()


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"file": "name"}, "data.file"),
        ({"targets": {"colour": "class"}}, "data.targets.colour"),
        ({"bad_images": "ignore"}, "data.bad_images"),
        ({"decoded": "always"}, "data.decoded"),
        ({"size": [1, 2, 3]}, "data.size"),
        ({"size": 0}, "data.size"),
        ({"channels": 4}, "data.channels"),
        ({"path": "no/such/folder"}, "data.path"),
        ({"split": "part", "stratify": "kind"}, "data.stratify"),
        ({"group": "person", "stratify": "kind"}, "data.group"),
    ],
)
def test_mistakes_are_named(make: Make, given: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(**given)
    assert caught.value.path == path


def test_the_shipped_config(
    tmp_path: Path, need_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.garments import AGES, CATEGORIES, write_garments

    write_garments(tmp_path, need_data("fashion_mnist"), 400)
    monkeypatch.setenv("MTL_GARMENTS", str(tmp_path))
    config = load_config(CONFIG, {"data.cache": str(tmp_path / "cache")})
    data = build_data(config.data, config.seed)
    assert data.inputs["image"].shape == (400, 3, 64, 64)
    assert data.targets["category"].classes == tuple(sorted(CATEGORIES))
    assert data.targets["age"].classes == AGES
    age = data.targets["age"]
    assert (~age.labelled).sum() == 20
    shares = np.bincount(age.values[age.labelled]) / 380
    assert shares.min() > 0.2, "levels that hardly occur would be no task"


def test_a_table_of_another_style(folder: Path, make: Make) -> None:
    lines = (folder / "labels.csv").read_text().replace(",", ";").replace(".5", ",5").splitlines()
    lines[1] = lines[1].replace("dark", "?")
    (folder / "labels.csv").write_text("\n".join(lines))
    with pytest.raises(ConfigError, match="should it be ';'") as caught:
        make()
    assert caught.value.path == "data.separator"
    data = make(separator=";", decimal=",", missing="?")
    assert data.targets["weight"].values.tolist() == [k / 2 for k in range(N)]
    assert not data.targets["shade"].labelled[0]


def test_one_file_by_two_names_is_one(folder: Path, make: Make) -> None:
    text = (folder / "labels.csv").read_text().replace("\n3.png", "\n./2.png")
    (folder / "labels.csv").write_text(text)
    with pytest.raises(DataError, match=r"'2\.png' is named twice"):
        make()


def test_a_file_is_found_by_either_form_of_its_name(folder: Path, make: Make) -> None:
    (folder / "images" / "3.png").rename(folder / "images" / "e\u0301.png")
    labels = folder / "labels.csv"
    labels.write_text(labels.read_text().replace("\n3.png", "\n\u00e9.png"), encoding="utf-8")
    assert len(make().targets["weight"].values) == N
    labels.write_text(labels.read_text().replace("\n2.png", "\ne\u0301.png"), encoding="utf-8")
    with pytest.raises(DataError, match="twice"):
        make()
