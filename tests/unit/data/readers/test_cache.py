"""The cache: files are written once and whole, and named by what they were computed from."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.data.readers.cache import (
    cache_folder,
    cached,
    digest,
    folder_digest,
    free_bytes,
)
from mtl_search.errors import ConfigError, DataError


def test_the_usual_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("cache", None) == tmp_path / "mtl_search"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("cache", None) == tmp_path / ".cache" / "mtl_search"
    assert cache_folder("cache", "~/here") == tmp_path / "here"


@pytest.mark.parametrize("value", [5, "", "~no_such_user/x"])
def test_what_is_no_folder(value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        cache_folder("cache", value)
    assert caught.value.path == "data.cache"


def test_a_file_is_written_once(tmp_path: Path) -> None:
    written: list[Path] = []

    def write(path: Path) -> None:
        written.append(path)
        path.write_text("content")

    for _ in range(2):
        file = cached(tmp_path / "new" / "folder", "key", ".txt", write)
        assert file == tmp_path / "new" / "folder" / "key.txt"
        assert file.read_text() == "content"
    assert len(written) == 1
    assert written[0] != file, "it gets its name when it is whole"


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached(tmp_path, "key", ".txt", write)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write to the cache"):
        cached(tmp_path / "file" / "folder", "key", ".txt", Path.touch)


def test_digests_tell_sequences_of_texts_apart() -> None:
    digests = [digest(texts) for texts in (["ab", "c"], ["a", "bc"], ["abc"], ["c", "ab"], [])]
    assert len(set(digests)) == len(digests)
    assert digest(["ab", "c"]) == digests[0]


def test_the_digest_of_a_folder_changes_with_its_content(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(bytes(3 << 20))
    seen = [folder_digest(tmp_path)]
    assert folder_digest(tmp_path) == seen[0]
    (tmp_path / "y").write_text("")
    seen.append(folder_digest(tmp_path))
    (tmp_path / "a" / "x").write_bytes(bytes(3 << 20) + b"end")
    seen.append(folder_digest(tmp_path))
    (tmp_path / "y").rename(tmp_path / "z")
    seen.append(folder_digest(tmp_path))
    assert len(set(seen)) == 4


def test_free_bytes_of_a_folder_that_does_not_exist_yet(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "there") > 0
