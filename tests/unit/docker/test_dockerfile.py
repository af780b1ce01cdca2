"""The Dockerfile keeps the rules of hadolint, and agrees with the project."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import mtl_search
from tests.support.programs import tool
from tests.support.repository import REPOSITORY

_FOLDER = REPOSITORY / "docker"
_FILE = _FOLDER / "Dockerfile"


def test_hadolint_finds_nothing() -> None:
    assert tool("hadolint", _FILE) == (0, "")


@pytest.mark.parametrize(
    ("line", "changed", "rule"),
    [
        ("USER 1000:1000", "USER search", "DL3066"),
        ("WORKDIR /home/search", "WORKDIR home", "DL3000"),
        ('ENTRYPOINT ["tini", "--"]', "ENTRYPOINT tini --", "DL3025"),
    ],
)
def test_hadolint_finds_a_mistake(line: str, changed: str, rule: str, tmp_path: Path) -> None:
    text = _FILE.read_text()
    assert line in text
    (tmp_path / "Dockerfile").write_text(text.replace(line, changed))
    status, output = tool("hadolint", tmp_path / "Dockerfile")
    assert status != 0
    assert rule in output


def test_the_image_is_of_this_version() -> None:
    assert f"ARG VERSION={mtl_search.__version__}\n" in _FILE.read_text()


def test_the_code_comes_after_everything_that_is_large() -> None:
    text = _FILE.read_text()
    last = text[text.rindex("\nFROM ") :]
    order = ["apt-get", "COPY --from=dependencies", "COPY --from=code", "USER 1000:1000"]
    places = [last.index(step) for step in order]
    assert places == sorted(places)
    assert "-c constraints.txt -r requirements.txt" in text


def test_what_the_image_is_made_of_is_let_in_and_nothing_else() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", _FILE.read_text(), re.MULTILINE)
    assert "*" in lines
    assert allowed == {word for line in copied for word in line.split()}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the image has Python 3.11, with tomllib")
def test_requirements_of_the_image(tmp_path: Path) -> None:
    script = _FOLDER / "requirements.py"
    status, output = tool(Path(sys.executable).name, script, "", cwd=REPOSITORY)
    assert status == 0
    assert output.startswith("ray[default,train,tune]")
    assert "timm" not in output
    assert "timm" in tool(Path(sys.executable).name, script, "images, text", cwd=REPOSITORY)[1]
    status, output = tool(Path(sys.executable).name, script, "pictures", cwd=REPOSITORY)
    assert status == 1
    assert "EXTRAS: 'pictures' is no extra; allowed: images, text" in output
