from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from mtl_search import __version__
from mtl_search.export.pyfunc.requirements import requirements_of
from tests.support.small_models import trained


def test_versions_are_public_and_extras_only_where_they_are_used(tmp_path: Path) -> None:
    _, model = trained("penguins", tmp_path / "table")
    lines = requirements_of(model)
    assert lines[0] == f"mtl-search=={__version__}"
    assert f"torch=={version('torch').partition('+')[0]}" in lines
    assert not any("+" in line for line in lines)
    assert not any(line.startswith(("transformers", "timm")) for line in lines)
    _, model = trained("images", tmp_path / "files")
    assert any(line.startswith("pillow==") for line in requirements_of(model))
    _, model = trained("attributes", tmp_path / "arrays")  # whose view is called `image`, too
    assert not any(line.startswith("pillow") for line in requirements_of(model))
    _, model = trained("subwords", tmp_path / "text")
    assert any(line.startswith("transformers==") for line in requirements_of(model))
