"""Several data sets in one config, each with its own samples and often its own tasks."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from mtl_search.config.base import Component
from mtl_search.config.checks import (
    check_choice,
    check_component,
    check_int,
    check_mapping,
    check_text,
)
from mtl_search.data.concat import concat
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.mixture import build_sampling
from mtl_search.errors import ConfigError, DataError

# The name of a source is part of dotted paths and of the names of metrics.
_NAME = re.compile(r"\w([\w -]*\w)?")

BuildData = Callable[[Component, int], DataSet]


def sources(
    sources: Mapping[str, Any],
    *,
    build_data: BuildData,
    sampling: str | Mapping[str, Any] = "proportional",
    batches: int | None = None,
    rename: Mapping[str, Mapping[str, str]] | None = None,
    seed: int = 0,
) -> DataSet:
    """Combine several data sets; each training batch is drawn from one of them.

    The sources are read as if each stood alone (numbers of a table are scaled by its own train
    rows, say), and their samples are put one after the other. All have the same views, of the same
    shape. A target that only one source has is missing on the samples of the others; of one name,
    kind and classes in several, it is one target with labels in all of them. Validation and test
    use all samples, each task being judged on those that are labelled.

    Training draws each batch from one source, `train/draws/<source>` samples an epoch. All batches
    are full, so `sampling` sets the fractions of the sources in the batches and in the samples
    alike. With n_k training samples in source k, of K sources:

        proportional                          n_k / Σ n     each source about once an epoch
        uniform                               1 / K         in random order
        {name: temperature, temperature: τ}   ∝ n_k^(1/τ)   between both; τ ≥ 1
        round_robin                           1 / K         one after the other, in a strict cycle

    An epoch is ceil(n / batch size) batches for n training samples in all, or `batches`. A source
    begins again, in another order, when all its samples were drawn, and goes on in the next epoch
    where it stopped: a small source ends no epoch, and of a large one nothing is left out.
    Fractions are kept by quota: of the first t batches of a run, a source of fraction p has had t·p
    to within half a batch (where there are two; a little more of many). They act on the tasks
    beside their loss weights, since each batch moves the heads of its own source.

    A trial whose tasks have no label in some source, as in single-task arms, draws nothing from it,
    and from the others as much as it otherwise would. With `training.accumulate` above 1 a step has
    several batches, maybe of several sources.

    Args:
        sources: Name → data set, as under `data`:
            `{news: {name: table, path: news.csv, ...}, tweets: {...}}`.
        build_data: A function that builds one source from its name, arguments and a seed.
        sampling: The policy, by name or with its arguments: `{name: temperature, temperature: 2}`.
        batches: The number of batches of an epoch; default: those of one pass.
        rename: Source → its target → the new name: tells targets apart that have the same name.
        seed: The seed of the sources that take one and do not set their own.

    Raises:
        ConfigError: An argument is wrong, also one of a source
            (`data.sources.<name>.<argument>`).
        DataError: A source cannot be read, or the sources do not fit together.
    """
    components = check_mapping(sources, "data.sources")
    policy = build_sampling(sampling)
    count = None if batches is None else check_int(batches, "data.batches")
    new_names = {} if rename is None else check_mapping(rename, "data.rename")
    for name in new_names:
        check_choice(name, f"data.rename.{name}", components, "source")
    run_seed = check_int(seed, "data.seed", low=0)
    data_sets = {}
    for name, value in components.items():
        data_sets[name] = _build_source(name, value, run_seed, build_data)
    for name, changes in new_names.items():
        targets = _rename_targets(name, data_sets[name].targets, changes)
        data_sets[name] = dataclasses.replace(data_sets[name], targets=targets)
    return concat(data_sets, policy, count)


def _build_source(name: str, value: object, seed: int, build_data: BuildData) -> DataSet:
    """Build one source; an error says its name or the path of its key."""
    path = f"data.sources.{name}"
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "a source's name is part of dotted paths and metrics: letters, digits, _, - and inner "
            "spaces",
            path="data.sources",
            value=name,
        )
    component = check_component(value, path)
    try:
        data = build_data(component, seed)
    except ConfigError as error:
        # The data set does not know that it is a source, and says `data.<argument>`.
        inside = error.path.removeprefix("data") if error.path.partition(".")[0] == "data" else ""
        raise error.at(path + inside) from error
    except DataError as error:
        raise DataError(f"source {name!r}: {error}") from error
    if data.sources is not None:
        raise ConfigError(
            "a source cannot have sources of its own", path=f"{path}.name", value=component.name
        )
    return data


def _rename_targets(
    source: str, targets: Mapping[str, Target], changes: object
) -> dict[str, Target]:
    """Return the targets of a source under their new names."""
    path = f"data.rename.{source}"
    new_names: dict[str, str] = {}
    for name, new_name in check_mapping(changes, path).items():
        check_choice(name, f"{path}.{name}", targets, "target")
        new_names[name] = check_text(new_name, f"{path}.{name}")
    renamed = {new_names.get(name, name): target for name, target in targets.items()}
    if len(renamed) < len(targets):
        raise ConfigError("two targets of the source would have one name", path=path, value=changes)
    return renamed
