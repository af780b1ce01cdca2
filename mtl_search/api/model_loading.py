"""Models of a sweep: which networks they have, and how these are loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from mtl_search.api.consent import TrustCode
from mtl_search.api.model_choice import (
    KeptNetworks,
    ModelChoice,
    model_of_arm,
    model_of_trial,
    recommended_model,
)
from mtl_search.api.model_facts import facts_of_model, metrics_on_test
from mtl_search.errors import ConfigError, SweepError
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.sweep_directory import network_folder, preparation_folder

if TYPE_CHECKING:
    from pathlib import Path

    from mtl_search.analysis.verdict import Verdict
    from mtl_search.config import Config
    from mtl_search.export import Model
    from mtl_search.storage.records import SweepRecord


class Sweep(Protocol):
    """What is needed of a `Result`."""

    directory: Path
    config: Config
    record: SweepRecord

    @property
    def verdict(self) -> Verdict:
        """What the sweep has shown."""


def load_model(
    result: Sweep,
    trust_code: TrustCode = False,
    trial: str | None = None,
    arm: str | None = None,
    task: str | None = None,
    *,
    ensemble: bool = False,
) -> Model:
    """Load the model that a sweep recommends, or another one by name.

    Args:
        result: The sweep.
        trust_code: Whether code of the config may run where the folder is not the user's.
        trial: The id of a trial.
        arm: An arm; `single` means the separate networks of all tasks.
        task: A task whose own network is meant.
        ensemble: Whether the networks of all seeds predict together.

    Raises:
        ConfigError: Two of the names are given, there is no such arm, or code is not trusted.
        SweepError: The networks were not kept.
    """
    from mtl_search.export.folder import load_model as load_folder
    from mtl_search.export.model import Model

    try:
        choice = choose_model(result, trial, arm, task, ensemble=ensemble)
        members = []
        files = preparation_folder(result.directory).absolute()
        kept = files if files.is_dir() else None
        for chosen in choice.trials:
            folder = network_folder(result.directory, chosen.id)
            (member,), _ = load_folder(folder, trust_code, files=kept)
            members.append(replace(member, trial=chosen.id, arm=str(chosen.arm)))
    except SweepError as error:
        cards = result.directory.glob("trials/*/best/model.json")
        names = ", ".join(sorted(card.parts[-3] for card in cards))
        raise type(error)(f"{error}\n  kept: {names or 'none'}") from None
    metrics = metrics_on_test(result.record, choice.trials)
    return Model(members, {**facts_of_model(result, choice), "metrics": metrics})


def choose_model(
    result: Sweep,
    trial: str | None = None,
    arm: str | None = None,
    task: str | None = None,
    *,
    ensemble: bool = False,
) -> ModelChoice:
    """Choose the networks of a model; nothing is loaded.

    Args:
        result: The sweep.
        trial: The id of a trial.
        arm: An arm; `single` means the separate networks of all tasks.
        task: A task whose own network is meant.
        ensemble: Whether the networks of all seeds predict together.

    Raises:
        ConfigError: Two of the names are given, or there is no such arm or task.
        SweepError: The networks were not kept.
    """
    names = {"trial": trial, "arm": arm, "task": task}
    given = [name for name, value in names.items() if value is not None]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)} name two models; give one of them", path=given[0])
    networks = KeptNetworks(
        result.record, lambda name: (network_folder(result.directory, name) / "model.json").exists()
    )
    if trial is not None:
        return model_of_trial(networks, trial, ensemble=ensemble)
    if arm is not None:
        return model_of_arm(networks, arm, ensemble=ensemble)
    if task is not None:
        if task not in result.config.tasks:
            raise ConfigError(
                "there is no such task", path="task", value=task, allowed=result.config.tasks
            )
        return model_of_arm(networks, ArmName.single(task), ensemble=ensemble)
    return recommended_model(networks, lambda: result.verdict, ensemble=ensemble)
