"""The contract of a metric of one's own, held against what it does on a small batch.

Legend: N samples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from mtl_search.config import Config
from mtl_search.data.dataset import Target
from mtl_search.data.types import MISSING, REAL_KINDS, Array, TargetKind
from mtl_search.errors import ConfigError
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.own import OwnMetric, is_labelled, perfect_prediction, takes_two
from mtl_search.registry import import_attribute

# Samples of the small batch.
_SAMPLES = 64
_CLOSE = 1e-6


def own_metrics(config: Config) -> dict[str, OwnMetric]:
    """Return the metrics of one's own that the tasks name, by their names in results.

    Raises:
        ConfigError: There is no such attribute, it is no metric, or its name is taken.
    """
    metrics: dict[str, OwnMetric] = {}
    references: dict[str, str] = {}
    for task, section in config.tasks.items():
        for number, reference in enumerate(section.metrics):
            if ":" not in reference:
                continue
            path = f"tasks.{task}.metrics.{number}"
            name = reference.partition(":")[2]
            if references.setdefault(name, reference) != reference:
                problem = f"two metrics are called {name!r}, this and {references[name]!r}"
                raise ConfigError(f"{problem}; rename one", path=path, value=reference)
            metrics[name] = _own_metric(name, reference, path)
    return metrics


def _own_metric(name: str, reference: str, path: str) -> OwnMetric:
    if name in METRICS or name == "loss":
        problem = f"{name!r} is the name of a metric of mtl_search; give yours another one"
        raise ConfigError(problem, path=path, value=reference)
    member = import_attribute(reference, path)
    if not isinstance(member, OwnMetric):
        raise ConfigError(
            f"this is a {type(member).__name__}, and a metric has to say which direction is "
            "better: write @mtl_search.metric(higher_is_better=True), or False, above the function",
            path=path,
            value=reference,
        )
    return member


def check_own_metrics(
    config: Config, targets: Mapping[str, Target], metrics: Mapping[str, OwnMetric]
) -> None:
    """Call each metric of one's own on a few samples of each target that it is to judge.

    Args:
        config: The sweep's config.
        targets: The targets of the data set.
        metrics: The metrics by name.

    Raises:
        ConfigError: A metric does not keep its contract.
    """
    for task, section in config.tasks.items():
        for number, reference in enumerate(section.metrics):
            if own := metrics.get(reference.rpartition(":")[2] if ":" in reference else ""):
                target = targets[section.target or task]
                _check(own, target, f"tasks.{task}.metrics.{number}", reference)


def _check(own: OwnMetric, target: Target, path: str, reference: str) -> None:
    labels = _some_labels(target)
    if not is_labelled(labels, target.kind).any():
        return
    guess = _guess(labels, target.kind, target.size)
    problem = _why_not_callable(own, guess, labels, target.kind)
    problem = problem or _why_contradictory(own, guess, labels, target)
    if problem:
        raise ConfigError(problem, path=path, value=reference)


def _some_labels(target: Target) -> Array:
    """Return the labels of a few samples that have some, of every class where that is possible."""
    values = target.values
    labelled = np.flatnonzero(is_labelled(values, target.kind).reshape(len(values), -1).any(1))
    rows = labelled[:_SAMPLES]
    if target.kind in ("class", "binary"):
        _, first = np.unique(values[labelled], return_index=True)
        rows = np.union1d(rows, labelled[first])
    return np.array(values[rows])


def _guess(labels: Array, kind: TargetKind, classes: int) -> Array:
    """Return predictions by chance, in the form that heads give them."""
    rng = np.random.default_rng(0)
    if kind == "class":
        return rng.dirichlet(np.ones(classes), len(labels)).astype(np.float32)
    if kind == "tags":
        return rng.integers(0, classes, labels.shape)
    if kind in REAL_KINDS:
        known = labels[is_labelled(labels, kind)].astype(np.float64)
        noise = rng.normal(known.mean(), known.std() or 1.0, labels.shape)
        return noise.astype(np.float32)
    return rng.random(labels.shape, np.float32)


def _why_not_callable(own: OwnMetric, guess: Array, labels: Array, kind: TargetKind) -> str:
    """Return in words why it gives no number for predictions by chance; empty where it does."""
    shapes = f"predictions of shape {guess.shape} and labels of shape {labels.shape}"
    if not takes_two(own.function):
        return "a metric takes two arguments, the predictions and the labels"
    try:
        value = own.value(guess, labels, kind)
    except Exception as error:  # noqa: BLE001  # whatever a user's function raises
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        return (
            f"the metric gives no number for {shapes}, and needed is one for all samples: {reason}"
        )
    if not math.isfinite(value):
        return f"the metric is {value} for {shapes} by chance; nan is for labels that leave it open"
    missing = np.full_like(labels[:1], np.nan if kind in REAL_KINDS else MISSING)
    with_missing = own.value(
        np.concatenate([guess, guess[:1]]), np.concatenate([labels, missing]), kind
    )
    if not math.isclose(with_missing, value, rel_tol=1e-5, abs_tol=_CLOSE):
        return (
            f"a sample without a label changes the metric from {value:.6g} to {with_missing:.6g}; "
            "leave out where the label is -1 or NaN, or do without takes_missing"
        )
    return ""


def _why_contradictory(own: OwnMetric, guess: Array, labels: Array, target: Target) -> str:
    """Return in words why direction or perfect value cannot be right; empty where they may be."""
    sign = 1 if own.higher_is_better else -1
    by_chance = own.value(guess, labels, target.kind)
    right = own.value(perfect_prediction(labels, target.kind, target.size), labels, target.kind)
    if math.isfinite(right) and sign * right < sign * by_chance - _CLOSE:
        return (
            f"with higher_is_better={own.higher_is_better} predictions by chance "
            f"({by_chance:.6g}) are better than the labels themselves ({right:.6g})"
        )
    perfect = own.perfect_value(labels, target.kind, target.size)
    if math.isfinite(right) and sign * right > sign * perfect + _CLOSE * max(1.0, abs(perfect)):
        return (
            f"the labels themselves reach {right:.6g}, which is better than the perfect value "
            f"{perfect:.6g}"
        )
    return ""
