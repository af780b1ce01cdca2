"""Small models that a trial has trained on a data set of `raw_rows`."""

from __future__ import annotations

from pathlib import Path

from mtl_search.export import Model
from tests.support.raw_rows import CASES, Case
from tests.support.trials import train, trainer


def trained(name: str, folder: Path) -> tuple[Case, Model]:
    """A case, and a model that was trained on it for one epoch."""
    folder.mkdir(parents=True, exist_ok=True)
    case = CASES[name](folder)
    made = trainer(
        case.config(), folder / "trial", case.data(), test=True, objective=lambda metrics: 0.0
    )
    train(made)
    return case, Model.load(folder / "trial" / "best", trust_code=True)
