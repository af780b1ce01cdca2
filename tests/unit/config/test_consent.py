"""What names code in a config, and whose a file is; the doors are in `tests/unit/security`."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.config import load_config
from mtl_search.config.consent import check_consent, code_of, is_foreign, split_modules
from mtl_search.errors import ConfigError
from tests.support.config_trees import tree


def test_what_may_name_code() -> None:
    changes = {
        "data.path": "s3://bucket/a.csv",
        "data.note": "at 12:30 or so",
        "data.function": "mine:load",
        "model.backbone": "mine.nets:net",
        "search.objective": "mine:objective",
        "tracking.uri": "http://host:5000",
    }
    assert dict(code_of(load_config(tree(), changes))) == {
        "data.function": "mine:load",
        "model.backbone.name": "mine.nets:net",
        "search.objective": "mine:objective",
    }


def test_whose_a_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert not is_foreign(Path("below"))
    assert not is_foreign(Path("missing.yaml"))
    assert is_foreign(tmp_path)
    assert is_foreign(Path("below/../.."))


def test_one_sentence_says_how_to_allow_it(tmp_path: Path) -> None:
    config = load_config(tree(), {"model.backbone": "mine.nets:net"})
    with pytest.raises(ConfigError) as error:
        check_consent(config, [tmp_path / "a.yaml"])
    for part in (
        "model.backbone.name",
        "'mine.nets'",
        "--trust-code",
        "MTL_SEARCH_TRUSTED_MODULES",
    ):
        assert part in str(error.value)
    for trust in (True, ["mine"], ["mine.nets"]):
        check_consent(config, [tmp_path / "a.yaml"], trust)
    check_consent(config, [tmp_path / "a.yaml"], overrides=["model.backbone=mine.nets:net"])


def test_lists_of_modules() -> None:
    assert split_modules(" a, b.c,,") == ["a", "b.c"]
