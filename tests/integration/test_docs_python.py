"""The Python of README and documentation runs as it stands, in sweeps of a few seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mtl_search
from tests.support.repository import CONFIGS, REPOSITORY
from tests.support.snippets import pages, snippets

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SMALL = {
    "training.epochs": 1,
    "training.max_samples_per_split": 64,
    "search.trials": 1,
    "search.finalists.top": 0,
    "tracking.enabled": False,
    "resources.max_concurrent": 1,
}


def python_of(page: Path) -> str:
    """All Python of a page, each line where it is in the page."""
    lines: list[str] = []
    for snippet in snippets(page):
        if snippet.language == "python" and not snippet.not_run:
            lines += [""] * (snippet.line - len(lines))
            lines += snippet.text.splitlines()
    return "\n".join(lines)


PAGES = [page for page in pages() if python_of(page)]
run_for_real = mtl_search.run


def small_run(config: Any, overrides: Any = (), **options: Any) -> mtl_search.Result:
    """`mtl_search.run` of the same sweep in small; the shipped one runs once."""
    parsed = (
        mtl_search.load_config(config, overrides)
        if not isinstance(config, mtl_search.Config)
        else config
    )
    if parsed.name == "quickstart" and not options:
        return mtl_search.Result("runs/quickstart")
    return run_for_real(parsed, SMALL, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> Path:
    """Where the reader is: the shipped configs, and what the quickstart has left."""
    path = tmp_path_factory.mktemp("reader")
    (path / "configs").symlink_to(CONFIGS)
    run_for_real(CONFIGS / "quickstart.yaml", SMALL, output=path / "runs" / "quickstart")
    return path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_the_python_of_a_page_runs(
    page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(mtl_search, "run", small_run, raising=False)
    digits = np.zeros((3, 1, 8, 8), np.float32)
    # As a script has it; `images` stands for the reader's own pictures.
    names = {"__name__": "__main__", "images": digits}
    exec(compile(python_of(page), str(page), "exec"), names)
