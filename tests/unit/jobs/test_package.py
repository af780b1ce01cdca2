"""What a package holds, what it never holds, and how large it may be."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

import pytest

from mtl_search.errors import ConfigError
from mtl_search.jobs.package import Package, pack, unsent_files


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a user with a repository, a finished sweep, data and a config."""
    for name in (
        ".git/config",
        ".env",
        "data/a.npz",
        "data/.hidden",
        "data/deep/b.csv",
        "data/__pycache__/x.pyc",
        "data/old/journal.jsonl",
        "data/old/trials/x/best",
        "runs/mlflow.db",
        "runs/toy/journal.jsonl",
        "configs/toy.yaml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _names(*include: str) -> set[str]:
    return set(pack(Path("configs/toy.yaml"), {}, "toy", include).files)


def test_paths_are_those_below_the_working_directory(desk: Path) -> None:
    assert _names() == {"configs/toy.yaml"}
    assert _names("data") == {"configs/toy.yaml", "data/a.npz", "data/deep/b.csv"}
    assert _names("data/deep/b.csv", str(desk / "data" / "a.npz")) == _names("./data/")


def test_repositories_and_results_are_never_in_it(desk: Path) -> None:
    everything = {"configs/toy.yaml", "data/a.npz", "data/deep/b.csv"}
    assert _names(".") == everything
    for path in (".git", "runs", "runs/mlflow.db", "data/old", "data/old/trials/x/best"):
        with pytest.raises(ConfigError, match="nothing in there is sent"):
            _names(path)


def test_a_config_from_elsewhere_and_one_without_a_file(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk / "data")
    assert pack(Path("../configs/toy.yaml"), {}, "toy").config == "toy.yaml"
    package = pack(b"name: x", {}, "x")
    assert (package.config, dict(package.files)) == ("x.yaml", {"x.yaml": b"name: x"})
    with pytest.raises(ConfigError, match=f"not below the working directory {desk}/data"):
        _names("../runs")
    with pytest.raises(ConfigError, match="there is no such file"):
        _names("nothing")


def test_the_same_content_is_the_same_package(desk: Path, tmp_path: Path) -> None:
    package = pack(Path("configs/toy.yaml"), {}, "toy", ["data"])
    first = package.write(tmp_path / "1.zip")
    os.utime("data/a.npz", (1, 1))
    assert package.write(tmp_path / "2.zip") == first
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert archive.read("data/deep/b.csv") == b"data/deep/b.csv"


def test_too_large_names_the_largest_files(tmp_path: Path) -> None:
    files: dict[str, Path | bytes] = {f"{n}.bin": os.urandom(n * 1000) for n in range(1, 8)}
    largest = "7.bin (6.8 KiB), 6.bin (5.9 KiB), 5.bin (4.9 KiB), 4.bin (3.9 KiB), 3.bin (2.9 KiB)"
    with pytest.raises(ConfigError, match=re.escape("larger than 9.8 KiB, which is all that Ray")):
        Package(files, "1.bin").write(tmp_path / "p.zip", limit=10_000)
    with pytest.raises(ConfigError, match=re.escape(f"(largest files: {largest})")):
        Package(files, "1.bin").write(tmp_path / "p.zip", limit=10_000)
    assert Package(files, "1.bin").write(tmp_path / "p.zip", limit=40_000) < 40_000


def test_files_that_stay_here_are_found(desk: Path) -> None:
    tree = {"data": {"path": "data/a.npz", "more": ["data/deep", "no/such", "/tmp", "toy"]}}
    package = pack(Path("configs/toy.yaml"), tree, "toy", ["data/deep"])
    assert unsent_files(tree, package) == ["data/a.npz"]
