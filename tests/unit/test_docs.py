"""README and documentation are right: configs, commands, what they print, and links."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from jsonschema import Draft202012Validator
from typer.core import TyperGroup

from mtl_search.cli import main
from mtl_search.cli.app import app
from mtl_search.cli.schema import config_schema
from mtl_search.config import load_config
from mtl_search.errors import ConfigError
from tests.support.repository import CONFIGS, REPOSITORY
from tests.support.snippets import Snippet, pages, snippets

ALL = [snippet for page in pages() for snippet in snippets(page)]
RUN = [snippet for snippet in ALL if not snippet.not_run]
SHELL = ("", "console", "shell", "bash")
# Python runs a page at a time (see test_docs_python.py); a diff and JSON have tests of their own.
ELSEWHERE = ("python", "diff", "json", "text")


def of(*languages: str) -> list[Snippet]:
    return [snippet for snippet in RUN if snippet.language in languages]


def test_every_block_is_of_a_language_that_is_tested() -> None:
    assert [str(s) for s in ALL if s.language not in (*SHELL, *ELSEWHERE, "yaml")] == []
    assert len(of("yaml")) > 20
    assert len(of("python")) > 12


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    """MkDocs checks those between its pages; this is for files that are read on their own."""
    made = ("reference/", "contributing.md", "changelog.md", "deployment.md")
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert [link for link in missing if not link.removeprefix("../").startswith(made)] == []


# ---------------------------------------------------------------- configs

WHOLE = {"name", "data", "tasks", "model"}


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The base with a part of a config put over it, as a reader would."""
    tree = dict(base)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(tree.get(key), Mapping)
        tree[key] = merged(tree[key], value) if both and key not in ("head", "loss") else value
    return tree


@pytest.mark.parametrize("snippet", of("yaml"), ids=str)
def test_yaml_is_a_config_or_a_part_of_one(snippet: Snippet) -> None:
    part = yaml.safe_load(snippet.text)
    base = yaml.safe_load((CONFIGS / "digit_pairs.yaml").read_text())
    tree = part if part.keys() >= WHOLE else merged(base, part)
    load_config(tree)
    problems = Draft202012Validator(config_schema()).iter_errors(tree)
    assert [f"{error.json_path}: {error.message}" for error in problems] == []


# ---------------------------------------------------------------- commands

# Commands of mtl-search that take a second or so, and need no sweep.
CHEAP = ("validate", "list", "schema")
OTHERS = {"pip", "make", "pytest", "git", "ray", "mkdocs", "pre-commit", "optuna-dashboard"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the shipped configs, and a terminal of a fixed width."""
    (tmp_path / "configs").symlink_to(CONFIGS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def commands(snippet: Snippet) -> Iterator[list[str]]:
    """The commands of a block as lists of words, those inside `$(...)` included."""
    lines = snippet.text.replace("\\\n", " ").splitlines()
    shows_output = any(line.startswith("$ ") for line in lines)
    for line in lines:
        if shows_output and not line.startswith("$ "):
            continue
        inner = re.findall(r"\$\(([^()]*)\)", line)
        for text in (re.sub(r"\$\([^()]*\)", "", line.removeprefix("$ ")), *inner):
            words = shlex.split(text, comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words.pop(0)
            if words:
                yield words


def check_mtl_search(words: list[str]) -> None:
    """Parse the command, and make its changes to a shipped config."""
    root = typer.main.get_command(app)
    context = root.make_context("mtl-search", list(words), resilient_parsing=words == ["--version"])
    assert isinstance(root, TyperGroup)
    name, command, arguments = root.resolve_command(context, list(words))
    assert command is not None
    parsed = command.make_context(name, arguments, parent=context).params
    config = parsed.get("config")
    if config is not None and Path(config).exists():
        check_overrides(Path(config), parsed.get("overrides") or [])


def check_overrides(config: Path, overrides: list[str]) -> None:
    try:
        load_config(config, overrides)
    except ConfigError as error:
        raise AssertionError(f"{config} {overrides}: {error}") from None


def check_python(words: list[str]) -> None:
    """A benchmark: the module exists, and knows the options."""
    if words[:1] != ["-m"]:
        return
    module = importlib.util.find_spec(words[1])
    assert module is not None, words
    assert module.origin is not None, words
    source = Path(module.origin).read_text()
    assert [word for word in words[2:] if word.startswith("--") and word not in source] == []


def check(words: list[str]) -> None:
    program = Path(words[0]).name
    if program == "mtl-search":
        check_mtl_search(words[1:])
    elif program.startswith("python"):
        check_python(words[1:])
    elif program == "make":
        targets = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
        assert [word for word in words[1:] if "=" not in word and word not in targets] == []
    else:
        assert program in OTHERS, f"what is {program}?"
    for word in words[1:]:
        if re.match(r"(tests|configs|docs)/", word):
            assert (REPOSITORY / word).exists(), word


PROGRAM = re.compile(
    r"^(\$ )?([A-Z_]+=\S+ )*(mtl-search|make|pip|pytest|(\S*/)?python3?)\s", re.MULTILINE
)


def is_shell(snippet: Snippet) -> bool:
    """Whether the block is of commands; an indented one may be something else."""
    return snippet.language != "" or bool(PROGRAM.search(snippet.text))


@pytest.mark.parametrize("snippet", [s for s in of(*SHELL) if is_shell(s)], ids=str)
def test_commands_exist_with_their_options(snippet: Snippet, folder: Path) -> None:
    if "$ " in snippet.text and "error:" in snippet.text:
        return  # run below, with what it prints
    for words in commands(snippet):
        check(words)


def run(words: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", words)
    output = io.StringIO()
    with (
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
        pytest.raises(SystemExit) as end,
    ):
        main()
    return int(end.value.code or 0), output.getvalue()


def cheap() -> list[list[str]]:
    found = [
        words
        for s in of(*SHELL)
        if is_shell(s)
        for words in commands(s)
        if words[0] == "mtl-search"
    ]
    found = [words for words in found if len(words) > 1 and words[1] in CHEAP]
    known = [
        words
        for words in found
        if not any(w.startswith("configs/") and "quickstart" not in w for w in words)
    ]
    return [list(words) for words in dict.fromkeys(map(tuple, known)) if "CONFIG" not in words]


@pytest.mark.parametrize("words", cheap(), ids=shlex.join)
def test_commands_that_train_nothing_run(
    words: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, output = run(words, monkeypatch)
    assert status == 0, output


@pytest.mark.parametrize(
    "snippet", [s for s in of(*SHELL) if re.search(r"^\$ ", s.text, re.MULTILINE)], ids=str
)
def test_commands_print_what_is_shown(
    snippet: Snippet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for block in re.split(r"^\$ ", snippet.text, flags=re.MULTILINE)[1:]:
        line, _, shown = block.partition("\n")
        _, output = run(shlex.split(line), monkeypatch)
        pattern = r".*".join(re.escape(part) for part in shown.strip().split("..."))
        assert re.fullmatch(pattern, output.strip()), output


PACKAGES = sorted(path.name for path in (REPOSITORY / "mtl_search").iterdir() if path.is_dir())
PLACE = re.compile(rf"(?<![\w./-])(?:mtl_search[./])?((?:{'|'.join(PACKAGES)})[./][\w./]+\w)")


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_modules_that_are_named_exist(name: str) -> None:
    """`training.step` or `models/heads`, in text and in diagrams."""
    page = (REPOSITORY / name).read_text()
    text = re.sub(r"^```diff.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    places = {place.removesuffix(".py").replace(".", "/") for place in PLACE.findall(text)}
    assert len(places) > 8
    package = REPOSITORY / "mtl_search"

    def exists(place: str) -> bool:
        return (package / place).is_dir() or (package / f"{place}.py").exists()

    missing = [place for place in sorted(places) if not exists(place)]
    attributes = {"api/run", "config/load_config"}
    assert set(missing) <= attributes
