"""The model that a sweep recommends, on its way into MLflow."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Protocol

from mtl_search.api.model_loading import Sweep, choose_model
from mtl_search.errors import MtlSearchError, SweepError
from mtl_search.storage import sweep_directory
from mtl_search.storage.binding.folder import check_original

if TYPE_CHECKING:
    from mtl_search.api.model_choice import ModelChoice
    from mtl_search.export import Model
    from mtl_search.tracking.models.page import ModelPage, Save


class Kept(Sweep, Protocol):
    """A `Result`, which registers its model by the functions below."""

    def load_model(self) -> Model:
        """Load the model that the verdict recommends."""


def model_page(result: Kept, register: str = "") -> ModelPage | None:
    """Return what MLflow gets of the recommended model; None where the sweep has kept none.

    Args:
        result: The sweep.
        register: The name in MLflow's registry of which it becomes a version; empty: none.
    """
    from mtl_search.tracking.models.page import ModelPage
    from mtl_search.tracking.pages.page import digest

    try:
        choice = choose_model(result)
    except MtlSearchError:
        return None
    folders = [
        sweep_directory.network_folder(result.directory, trial.id) for trial in choice.trials
    ]
    mark = hashlib.sha256(" ".join(map(digest, folders)).encode()).hexdigest()[:12]
    return ModelPage(
        trials=tuple(trial.id for trial in choice.trials),
        mark=mark,
        load=partial(_load, result, choice),
        tags={"sweep": result.directory.resolve().name, "kind": choice.kind},
        register=register,
    )


def _load(result: Kept, choice: ModelChoice) -> Save:
    from mtl_search.export.pyfunc.saving import save_pyfunc

    model = result.load_model()
    if model.preparation is None:
        raise SweepError(
            "the model was kept by version 0.2, without how its data set prepared raw rows"
        )
    return partial(save_pyfunc, model)


def register_model(result: Kept, name: str, alias: str | None = None) -> str:
    """Send the runs that MLflow lacks, and make the model a version of a registered one.

    Args:
        result: The sweep, which must not be running.
        name: The name in MLflow's registry.
        alias: An alias that shall lead to the version, such as `champion`.

    Returns:
        The number of the version.

    Raises:
        ConfigError: The tracking URI, the name or the alias is wrong.
        SweepError: The store cannot be reached, or the sweep has kept no model.
    """
    from mtl_search.tracking import SweepPage, send_missing
    from mtl_search.tracking.models.registering import check_names, log_and_register

    check_names(name, alias)
    model = model_page(result)
    if model is None:
        raise SweepError(f"{result.directory} has kept no network that could be registered")
    check_original(result.directory, result.record.id)
    with sweep_directory.locked(result.directory):
        sent = send_missing(result.directory)
        if sent.unsent:
            raise SweepError(
                f"{sent.unsent:,} events did not reach MLflow at {sent.address}, so that the model "
                "was not registered; the same command goes on when it answers"
            )
        page = SweepPage(
            record=result.record,
            verdict=result.verdict.outcome,
            sentence="",
            details="",
            final_reference=result.verdict.final_reference,
            model=model,
        )
        return log_and_register(result.config, result.directory, page, name, alias)
