"""A config or a sweep from elsewhere executes nothing that the user does not allow."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import mtl_search
from mtl_search import ConfigError, DataError, MtlSearchError, Result
from mtl_search.api.consent import VARIABLE
from mtl_search.cli.console import console
from mtl_search.cli.running import run_command
from mtl_search.cli.validation import validate_command
from mtl_search.config import load_config, to_stored
from tests.support import small_sweeps as small
from tests.support.config_trees import tree
from tests.support.recorded_sweeps import Builder

_MODULE = "from pathlib import Path\nPath({mark!r}).touch()\ndef part(**_):\n    raise ValueError\n"


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that exists when `evil` has been executed; the working directory is another one."""
    mark = tmp_path / "executed"
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "evil.py").write_text(_MODULE.format(mark=str(mark)))
    monkeypatch.syspath_prepend(tmp_path / "path")
    monkeypatch.delitem(sys.modules, "evil", raising=False)
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return mark


def _write(file: Path, **changes: object) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump({**small.tree(), **changes}))
    return file


CODE: list[dict[str, object]] = [
    {"data": "evil:part"},
    {"data": {"name": "evil:part", "n": 3}},
    {"data": {"name": "sources", "sources": {"a": "evil:part"}}},
    {"model": {"backbone": "evil:part"}},
    {"tasks": {"kind": {"head": "evil:part"}}},
    {"tasks": {"kind": {"head": "softmax", "loss": "evil:part"}}},
    {"search": {"objective": "evil:part"}},
    {"search": {"initial_points": ["evil:part"]}},
    {"search": {"space": {"model.backbone": {"choice": ["mlp", "evil:part"]}}}},
    {"training": {"optimizer": {"name": "evil:part"}}},
    {"model": {"backbone": "os:system"}},
]


@pytest.mark.parametrize("changes", CODE, ids=str)
def test_a_foreign_config_executes_nothing(
    changes: dict[str, object], mark: Path, tmp_path: Path
) -> None:
    changes = {"data": "digit_pairs", **changes}
    file = _write(tmp_path / "elsewhere" / "a.yaml", **changes)
    module = "os" if "os:system" in str(changes) else "evil"
    doors: list[Callable[[], object]] = [
        lambda: validate_command(file, [], console()),
        lambda: run_command(file, [], None, smoke=False, resume=False, quiet=True, address=None),
        lambda: mtl_search.run(file),
        lambda: mtl_search.plot_model(file, tmp_path / "a.svg"),
    ]
    for door in doors:
        with pytest.raises(ConfigError, match=rf"code of the module '{module}'.*--trust-code"):
            door()
    assert not mark.exists()
    assert not (tmp_path / "here" / "runs").exists()


def test_consent_lets_a_foreign_config_run(
    mark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _write(tmp_path / "elsewhere" / "a.yaml", data="evil:part")

    def executes(**consent: object) -> bool:
        mark.unlink(missing_ok=True)
        sys.modules.pop("evil", None)
        with pytest.raises(MtlSearchError):  # `evil:part` fails, where it is called
            validate_command(file, [], console(), **consent)  # type: ignore[arg-type]
        return mark.exists()

    assert not executes()
    assert executes(trust_code=True)
    assert executes(trust_code=["evil"])
    assert not executes(trust_code=["evi", "evil.part"])
    monkeypatch.setenv(VARIABLE, "other, evil")
    assert executes()


def test_overrides_and_mappings_are_the_users_own(mark: Path, tmp_path: Path) -> None:
    file = _write(tmp_path / "elsewhere" / "a.yaml", data="digit_pairs")
    with pytest.raises(DataError, match="evil:part"):
        validate_command(file, ["data=evil:part"], console())
    assert mark.exists()
    mark.unlink()
    sys.modules.pop("evil", None)
    with pytest.raises(DataError, match="evil:part"):
        mtl_search.plot_model({**small.tree(), "data": "evil:part"}, tmp_path / "a.svg")
    assert mark.exists()


def test_a_config_in_the_working_directory_is_the_users_own(mark: Path, tmp_path: Path) -> None:
    file = _write(Path("a.yaml"), data="evil:part")
    with pytest.raises(DataError, match="evil:part"):
        validate_command(file, [], console())
    assert mark.exists()


def test_a_link_out_of_the_working_directory_is_foreign(mark: Path, tmp_path: Path) -> None:
    Path("a.yaml").symlink_to(_write(tmp_path / "elsewhere" / "a.yaml", data="evil:part"))
    with pytest.raises(ConfigError, match="is not yours"):
        validate_command(Path("a.yaml"), [], console())
    assert not mark.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_foreign(mark: Path) -> None:
    file = _write(Path("a.yaml"), data="evil:part")
    os.chown(file, 12345, 12345)
    with pytest.raises(ConfigError, match="belongs to another user"):
        validate_command(file, [], console())
    assert not mark.exists()


def test_a_foreign_sweep_executes_nothing(mark: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    config = load_config(tree(), {"model.backbone": "evil:part"})
    (folder / "config.yaml").write_text(yaml.safe_dump(to_stored(config)))
    made = Builder(folder / "journal.jsonl").sweep()
    trial = made.trial("equal", 0, 0.8)
    network = folder / "trials" / trial / "best"
    network.mkdir(parents=True)
    digits = ["class", ["0", "1"]]
    data = {
        "inputs": {"left": [[8], "float32"], "right": [[8], "float32"]},
        "targets": {"left": digits, "right": digits, "same": ["binary", ["no", "yes"]]},
        "masks": [],
    }
    (network / "model.json").write_text(json.dumps({"config": to_stored(config), "data": data}))
    result = Result(folder)
    assert result.best.trial == trial
    assert len(result.trials) == 1
    assert result.verdict is not None
    assert result.health is not None
    result.best_config()
    for door in (result.load_model, lambda: result.plot_model(tmp_path / "a.svg")):
        with pytest.raises(ConfigError, match="code of the module 'evil'"):
            door()
    assert not mark.exists()
    with pytest.raises(ConfigError, match="cannot build"):
        Result(folder, trust_code=["evil"]).load_model()
    assert mark.exists()
