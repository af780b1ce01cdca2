"""The files at the root that people and other programs read."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

import mtl_search
from tests.support.repository import REPOSITORY
from tests.support.snippets import snippets


def read(name: str) -> Any:
    return yaml.safe_load((REPOSITORY / name).read_text())


# ---------------------------------------------------------------- citation, templates, hooks


def test_citation_is_that_of_the_version_and_has_what_the_format_wants() -> None:
    citation = read("CITATION.cff")
    assert citation.keys() >= {
        "cff-version",
        "message",
        "title",
        "authors",
    }  # required by the format
    assert (citation["cff-version"], citation["version"]) == ("1.2.0", mtl_search.__version__)
    assert all(author.keys() & {"name", "family-names"} for author in citation["authors"])
    assert isinstance(citation.get("date-released", dt.date.min), dt.date)
    known = {"abstract", "date-released", "doi", "keywords", "license", "type", "url", "version"}
    assert citation.keys() <= known | {
        "cff-version",
        "message",
        "title",
        "authors",
        "repository-code",
    }


def test_the_security_page_is_of_what_there_is() -> None:
    text = (REPOSITORY / "SECURITY.md").read_text()
    assert "Reporting" in text


@pytest.mark.parametrize("form", ["bug.yml", "feature.yml"])
def test_issue_forms_have_what_the_format_wants(form: str) -> None:
    tree = read(f".github/ISSUE_TEMPLATE/{form}")
    assert tree.keys() >= {"name", "description", "body"}
    fields = [field for field in tree["body"] if field["type"] != "markdown"]
    assert all(field["type"] in ("input", "textarea", "dropdown", "checkboxes") for field in fields)
    assert all(field["attributes"]["label"] for field in fields)
    names = [field["id"] for field in fields]
    assert len(set(names)) == len(names)


def lint_commands() -> list[str]:
    """What `make lint` runs, without the folder of the programs."""
    printed = subprocess.run(
        ["make", "-n", "-o", ".venv/.installed-dev", "lint"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        text=True,
    )
    return [
        line.replace(".venv/bin/", "")
        for line in printed.stdout.splitlines()
        if ".venv/bin/" in line
    ]


def test_hooks_are_what_make_lint_runs() -> None:
    hooks = [
        hook["entry"] for repo in read(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]
    ]

    def normal(command: str) -> str:
        words = command.removeprefix("env ").split()
        return " ".join(word for word in words if word not in (".", "--force-exclude"))

    assert [normal(hook) for hook in hooks] == [normal(command) for command in lint_commands()]


# ---------------------------------------------------------------- contributing


@pytest.mark.large
def test_the_head_that_contributing_adds_passes_the_tests_of_heads(tmp_path: Path) -> None:
    (diff,) = (s for s in snippets(REPOSITORY / "CONTRIBUTING.md") if s.language == "diff")
    for folder in ("mtl_search", "tests/support", "tests/unit/models"):
        listed = subprocess.run(
            ["git", "ls-files", "-z", folder],
            cwd=REPOSITORY,
            check=True,
            capture_output=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, check=True, input=diff.text, text=True)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-k",
        "capped_softmax",
        "tests/unit/models/heads",
    ]
    ended = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert int(re.findall(r"(\d+) passed", ended.stdout)[-1]) > 15


# ---------------------------------------------------------------- site


class Requests(HTMLParser):
    """Addresses that a browser asks for by itself when it shows a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        loads = values.get("src") or (
            values.get("href") if tag == "link" and values.get("rel") != "canonical" else None
        )
        if loads:
            self.found.append(loads)


@pytest.mark.large  # `make lint` builds it, too
def test_the_site_is_built_without_a_warning_and_asks_for_nothing_elsewhere(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--site-dir",
        str(tmp_path / "site"),
    ]
    built = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={"NO_MKDOCS_2_WARNING": "1", "PATH": "", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 35
    for page in pages:
        parser = Requests()
        parser.feed(page.read_text())
        assert parser.found
        assert [address for address in parser.found if re.match(r"(https?:)?//", address)] == []
    for sheet in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(https?:)?//|@import", sheet.read_text()), sheet
    reference = (tmp_path / "site" / "reference" / "config.html").read_text()
    for key in ("stop_after_failures", "log_ratio", "early_stopping", "cpus_per_worker"):
        assert key in reference
