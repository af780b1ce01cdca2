"""Files that reports are written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.cli.comparison.files import asked_files
from mtl_search.errors import ConfigError


def test_the_files_that_are_asked_for_come_in_order() -> None:
    html, json = Path("a.HTML"), Path("b/a.json")
    assert asked_files(html=html, markdown=None, json=json) == [html, json]
    assert asked_files(html=None, markdown=None, json=None) == []


@pytest.mark.parametrize(
    ("form", "name"), [("html", "a.md"), ("markdown", "a.html"), ("json", "a")]
)
def test_each_form_has_its_ending(form: str, name: str) -> None:
    with pytest.raises(ConfigError, match=f"--{form}: not the ending of such a file"):
        asked_files(**{form: Path(name)})
