"""What is logged of a model, before it has MLflow's form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Save(Protocol):
    """Writes a loaded model as a folder of MLflow's."""

    def __call__(self, folder: Path, **about: str) -> None:
        """Write it.

        Args:
            folder: The folder, which is not there yet.
            about: `model_id`, `run_id` and `artifact_path`.
        """


@dataclass(frozen=True)
class ModelPage:
    """What is logged of a model.

    Attributes:
        trials: Ids of the trials whose networks it has.
        mark: A digest of these networks: another model has another one.
        load: Loads the model; returns what writes it.
        tags: What is known of it.
        register: The name in MLflow's registry of which it becomes a version; empty: none.
    """

    trials: tuple[str, ...]
    mark: str
    load: Callable[[], Save]
    tags: Mapping[str, str] = field(default_factory=dict)
    register: str = ""
