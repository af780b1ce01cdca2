"""The text of config files, and what is said where they have none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mtl_search.config import load_config
from mtl_search.config.reading.text import read_text
from mtl_search.errors import ConfigError

TEXT = "name: caf\u00e9\n# \u20ac 5\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_is_read_with_and_without_its_mark(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(TEXT.encode(encoding))
    assert read_text(path) == TEXT


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-be"])
def test_the_way_out_of_another_encoding_is_named_and_works(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "my caf\u00e9s.yaml"
    text = TEXT if encoding != "latin-1" else TEXT.replace("\u20ac", "\u00a3")
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    path.write_bytes(mark + text.encode(encoding))
    with pytest.raises(ConfigError, match=r"not UTF-8.*`iconv -f \S+ -t UTF-8 .*`") as caught:
        load_config(path)
    if shutil.which("iconv"):
        command = str(caught.value).split("`")[1]
        subprocess.run(["sh", "-c", command], check=True, cwd=tmp_path)
        assert read_text(tmp_path / "my caf\u00e9s-utf8.yaml").lstrip("\ufeff") == text


def test_the_line_of_the_first_foreign_byte_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"name: x\nseed: 3\n# caf\xe9\n")
    with pytest.raises(ConfigError, match="line 3 has the byte 0xe9"):
        read_text(path)


def test_what_is_no_text_gets_no_recipe(tmp_path: Path) -> None:
    path = tmp_path / "rows.npz"
    path.write_bytes(b"PK\x03\x04\x00\x00\xa1\x00")
    with pytest.raises(ConfigError, match="is no text; a config is written in YAML"):
        read_text(path)


def test_a_folder_leads_to_the_config_in_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a config is a YAML file, and this is a folder"):
        load_config(tmp_path)
    (tmp_path / "config.yaml").touch()
    with pytest.raises(ConfigError, match=rf"its config is {tmp_path}/config.yaml"):
        load_config(tmp_path)
