"""The model that a sweep recommends, on its way into MLflow."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mtl_search.api.model_loading import choose_model
from mtl_search.config import Config, load_config
from mtl_search.errors import MtlSearchError, SweepError
from mtl_search.storage import sweep_directory

if TYPE_CHECKING:
    from mtl_search.api.model_choice import ModelChoice
    from mtl_search.api.result import Result
    from mtl_search.tracking.models.page import ModelPage, Save


def model_page(result: Result, register: str = "") -> ModelPage | None:
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
    folders = [result.directory / "trials" / trial.id / "best" for trial in choice.trials]
    mark = hashlib.sha256(" ".join(map(digest, folders)).encode()).hexdigest()[:12]
    return ModelPage(
        trials=tuple(trial.id for trial in choice.trials),
        mark=mark,
        load=partial(_load, result, choice),
        tags={"sweep": result.directory.resolve().name, "kind": choice.kind},
        register=register,
    )


def _load(result: Result, choice: ModelChoice) -> Save:
    from mtl_search.export.pyfunc.saving import save_pyfunc

    model = result.load_model()
    if model.preparation is None:
        raise SweepError(
            "the model was kept by version 0.2, without how its data set prepared raw rows"
        )
    return partial(save_pyfunc, model)


def register_model(
    result: Result, name: str, alias: str | None = None, config: Config | None = None
) -> str:
    """Send what MLflow lacks of a sweep, and make its model a version of a registered one.

    Args:
        result: The sweep, which must not be running.
        name: The name in MLflow's registry.
        alias: An alias that shall lead to the version, such as `champion`.
        config: The sweep's config; None: the one in its folder.

    Returns:
        The number of the version.

    Raises:
        ConfigError: The tracking URI, the name or the alias is wrong.
        SweepError: The store cannot be reached, or the sweep has kept no model.
    """
    from mtl_search.api.tracked_page import sweep_page
    from mtl_search.tracking import send_missing
    from mtl_search.tracking.models.registering import check_names, register_logged

    check_names(name, alias)
    known = config or load_config(result.directory / sweep_directory.CONFIG)
    model = model_page(result)
    if model is None:
        raise SweepError(f"{result.directory} has kept no network that could be registered")
    save = model.load()  # so that what stands against it is said here, and not in the log
    with sweep_directory.locked(result.directory):
        page = replace(sweep_page(result, draw=False), model=replace(model, load=lambda: save))
        sent = send_missing(result.directory, known, page=page)
        if sent.unsent:
            raise SweepError(
                f"{sent.unsent:,} events did not reach MLflow at {sent.address}, so that the model "
                "was not registered; the same command goes on when it answers"
            )
        return register_logged(known, result.directory, page, name, alias)
