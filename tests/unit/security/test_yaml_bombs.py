"""Small files that stand for huge trees, or that are nested very deep, are refused at once."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from mtl_search import ConfigError, Result, SweepError, load_config
from mtl_search.export.folder import load_model
from mtl_search.storage.events import SweepStarted
from mtl_search.storage.journal import Journal, read_record
from tests.support.config_trees import tree

# All of them took seconds to minutes, or for ever.
_AT_MOST_S = 2.0


def _aliases(levels: int = 9) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


def _merges(levels: int = 40) -> str:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, levels)]
    return "\n".join(lines)


def _chain(levels: int = 200) -> str:
    return "\n".join(["a0: &a0 [x]", *[f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, levels)]])


BOMBS = {
    "aliases": (_aliases(), "more than 20000 values"),
    "aliases in a key": (f"{_aliases(8)}\n? [*a7]\n: 1", "more than 20000 values"),
    "merges": (_merges(), "more than 20000 values"),
    "a chain of aliases": (_chain(), "nested more than 50 deep"),
    "itself": ("a: &a {b: *a}", "an alias stands inside of what it names"),
    "brackets": ("[" * 100_000, "nested more than 50 deep"),
    "braces": ("{a: " * 40_000, "nested more than 50 deep"),
    "dashes": ("- " * 90_000, "nested more than 50 deep"),
    "a long file": ("x" * 3_000_000, "characters are too many"),
    "a long number": ("seed: 1" + ":59" * 60_000, "seed"),
    "many digits": ("seed: " + "1" * 190_000, "seed"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_in_a_config_is_refused_at_once(name: str, tmp_path: Path) -> None:
    text, words = BOMBS[name]
    file = tmp_path / "bomb.yaml"
    file.write_text(text)
    _refused_at_once(words, lambda: load_config(file))


@pytest.mark.parametrize("name", ["aliases", "merges", "brackets"])
def test_a_bomb_in_an_override_is_refused_at_once(name: str) -> None:
    text = "{" + BOMBS[name][0].replace("\n", ", ") + "}"
    _refused_at_once(r"data\.x", lambda: load_config(tree(), [f"data.x={text}"]))


def test_a_bomb_in_a_variable_stays_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "{" + _aliases().replace("\n", ", ") + "}"
    monkeypatch.setenv("BOMB", text)
    assert load_config(tree(), {"data.x": "${BOMB}"}).data.arguments["x"] == text


def test_a_bomb_in_the_folder_of_a_sweep_is_refused_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.write(SweepStarted(id="bomb", name="bomb"))
    journal.close()
    (tmp_path / "config.yaml").write_text(_aliases())
    _refused_at_once("more than 20000 values", lambda: Result(tmp_path))


def test_json_that_is_nested_deep_is_refused(tmp_path: Path) -> None:
    deep = "[" * 100_000
    (tmp_path / "journal.jsonl").write_text(deep + "\n")
    (tmp_path / "model.json").write_text('{"config": ' + deep)
    with pytest.raises(SweepError, match="not a journal of a sweep"):
        read_record(tmp_path / "journal.jsonl")
    with pytest.raises(SweepError, match="no part of a model"):
        load_model(tmp_path)
    with pytest.raises(ConfigError, match="not a journal"):
        load_points(tmp_path)


def load_points(folder: Path) -> None:
    """Read loss weights from the folder of an earlier sweep."""
    from mtl_search.search.initial_points import check_points

    check_points(load_config(tree(), {"search.initial_points": [str(folder)]}), build=False)


def test_aliases_in_moderation_are_read(tmp_path: Path) -> None:
    given = tree()
    file = tmp_path / "config.yaml"
    shared = json.dumps(given["tasks"]["left"])
    rest = json.dumps({key: value for key, value in given.items() if key != "tasks"})[1:-1]
    file.write_text(f"{{{rest}, tasks: {{left: &a {shared}, right: *a}}}}")
    config = load_config(file)
    assert config.tasks["left"] == config.tasks["right"]


def _refused_at_once(words: str, read: object) -> None:
    began = time.perf_counter()
    with pytest.raises(ConfigError, match=words):
        read()  # type: ignore[operator]
    assert time.perf_counter() - began < _AT_MOST_S
