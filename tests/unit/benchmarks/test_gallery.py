"""The gallery shows every shipped config, as the configs and the stored sweeps have it.

That its commands parse and fit their configs is checked with those of all pages (test_docs.py).
"""

from __future__ import annotations

import json
import re
import shlex

import pytest

from mtl_search.config import load_config
from tests.benchmarks import gallery
from tests.support.repository import CONFIGS

NAMES = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
TEXT = gallery.PAGE.read_text(encoding="utf-8")


def section(name: str) -> str:
    start = TEXT.index(f"{{ #{name} }}")
    end = TEXT.find("\n## ", start)
    return TEXT[start : end if end > 0 else None]


def test_the_page_is_what_the_script_writes() -> None:
    assert gallery.page() == TEXT, "run `python -m tests.benchmarks.gallery`"


def test_every_shipped_config_has_an_entry_and_no_other_has_one() -> None:
    assert re.findall(r"^## .*\{ #(\w+) \}$", TEXT, re.MULTILINE) == list(gallery.TITLES)
    assert sorted(gallery.TITLES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_command_of_an_entry_is_a_run_of_its_config(name: str) -> None:
    lines = [line.strip() for line in section(name).splitlines() if line.startswith("    ")]
    runs = [line for line in lines if "mtl-search" in line]
    assert runs, "no command"
    for line in runs:
        words = shlex.split(line, comments=True)
        while re.fullmatch(r"[A-Z_]+=\S+", words[0]):
            words.pop(0)
        assert words[:3] == ["mtl-search", "run", f"configs/{name}.yaml"], line
        assert load_config(CONFIGS / f"{name}.yaml", words[3:]).name


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_has_its_network_and_what_came_out(name: str) -> None:
    assert (gallery.PICTURES / f"{name}.svg").exists()
    assert f"images/networks/{name}.svg" in section(name)
    stored = gallery.STORED / f"{name}.json"
    if not stored.exists():
        assert "Not run whole with this version" in section(name)
        return
    found = json.loads(stored.read_text(encoding="utf-8"))
    shown = " ".join(line.removeprefix("> ") for line in section(name).splitlines())
    assert found["sentence"] in shown
    main_tasks = load_config(CONFIGS / f"{name}.yaml").main_tasks
    assert [row["task"] for row in found["by_task"]] == list(main_tasks)
