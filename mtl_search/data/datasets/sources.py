"""Several data sets in one config, each with its own samples and, mostly, its own tasks."""

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

# Part of dotted paths and of the names of metrics.
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
    """Several data sets as one: a training batch is drawn from one of them, an epoch is ceil(n / batch size) batches.

    The sources are read as if each stood alone (numbers of a table are scaled by its own train rows, say), and their
    samples are put one after the other. All have the same views, of the same shape. A target that only one source has
    is missing on the samples of the others; of one name, kind and classes in several, it is one target with labels in
    all of them. Validation and test go over all samples, each task being judged on those that are labelled.

    Training draws batch after batch from one source at a time, `train/draws/<source>` samples an epoch. All batches are
    full, so `sampling` sets the parts of the sources in the batches and in the samples alike. With n_k training samples
    in source k, of K sources:

        proportional                          n_k / Σ n     each source about once an epoch
        uniform                               1 / K         in random order
        {name: temperature, temperature: τ}   ∝ n_k^(1/τ)   between both; τ ≥ 1
        round_robin                           1 / K         one after the other, in a strict cycle

    An epoch is ceil(n / batch size) batches for n training samples in all, or `batches`. A source begins again, in
    another order, when all its samples have come, and goes on in the next epoch where it stopped: a small source ends
    no epoch, and of a large one nothing is left out. Parts are kept by quota: of the first t batches of a run, a source
    of part p has had t·p to within half a batch (where there are two; a little more of many). Parts act on the tasks
    beside their loss weights, since each batch moves the heads of its own source.

    A trial whose tasks have no label in some source, as in single-task arms, draws nothing from it, and from the others
    as much as it otherwise would. With `training.accumulate` above 1 a step has several batches, maybe of several
    sources.

    Args:
        sources: Name → data set, as under `data`: `{news: {name: table, path: news.csv, ...}, tweets: {...}}`.
        build_data: Builds one source from its name, arguments and a seed.
        sampling: Policy, by name or with its arguments: `{name: temperature, temperature: 2}`.
        batches: Batches of an epoch, instead of one pass' worth.
        rename: Source → its target → the name it gets here: tells targets apart that happen to be called the same.
        seed: Of the sources that take a seed and do not set their own.

    Raises:
        ConfigError: An argument is wrong, also one of a source (`data.sources.<name>.<argument>`).
        DataError: A source cannot be read, or the sources do not fit together.
    """
    chosen = check_mapping(sources, "data.sources")
    policy = build_sampling(sampling)
    count = None if batches is None else check_int(batches, "data.batches")
    names = {} if rename is None else check_mapping(rename, "data.rename")
    for name in names:
        check_choice(name, f"data.rename.{name}", chosen, "source")
    number = check_int(seed, "data.seed", low=0)
    parts = {name: _build(name, value, number, build_data) for name, value in chosen.items()}
    for name, changes in names.items():
        parts[name] = dataclasses.replace(
            parts[name], targets=_renamed(name, parts[name].targets, changes)
        )
    return concat(parts, policy, count)


def _build(name: str, value: object, seed: int, build_data: BuildData) -> DataSet:
    """One source; what is wrong with it is told with its name or path."""
    path = f"data.sources.{name}"
    if not _NAME.fullmatch(name):
        what = "a source's name is part of dotted paths and metrics: letters, digits, _, - and inner spaces"
        raise ConfigError(what, path="data.sources", value=name)
    member = check_component(value, path)
    try:
        part = build_data(member, seed)
    except ConfigError as error:
        inside = error.path.removeprefix("data") if error.path.partition(".")[0] == "data" else ""
        raise error.at(path + inside) from error
    except DataError as error:
        raise DataError(f"source {name!r}: {error}") from error
    if part.sources is not None:
        raise ConfigError(
            "a source cannot have sources of its own", path=f"{path}.name", value=member.name
        )
    return part


def _renamed(source: str, targets: Mapping[str, Target], changes: object) -> dict[str, Target]:
    """The targets of a source under their new names."""
    path = f"rename.{source}"
    names = dict.fromkeys(targets, "")
    for old, new in check_mapping(changes, f"data.{path}").items():
        check_choice(old, f"data.{path}.{old}", targets, "target")
        names[old] = check_text(new, f"data.{path}.{old}")
    renamed = {names[name] or name: target for name, target in targets.items()}
    if len(renamed) < len(targets):
        raise ConfigError(
            "two targets of the source would have one name", path=f"data.{path}", value=changes
        )
    return renamed
