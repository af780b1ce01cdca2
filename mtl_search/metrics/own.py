"""Metrics of one's own: functions of predictions and labels, with their direction.

They get numpy arrays of labelled samples alone. Of several labels and of vectors each label or
element is scored by itself, and the metric is the mean over those that have a value.

Legend: N samples, C classes, L labels or elements, T tokens, G blocks of samples.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from mtl_search.data.types import MISSING, REAL_KINDS, Array, TargetKind

# A number, or a function of the labels; None: it is worked out.
Bound = float | Callable[[Array], float] | None

_COLUMNS: tuple[TargetKind, ...] = ("multilabel", "vector")
_MOST_CONSTANTS = 10
_BLOCKS = 200


@dataclass(frozen=True)
class OwnMetric:
    """A metric of one's own, see `mtl_search.metric`.

    Attributes:
        function: Computes a number from predictions and labels.
        higher_is_better: Whether a higher value is better.
        trivial: Value of the best constant prediction.
        perfect: Value of a prediction without any error.
        takes_missing: Whether the function gets all samples as they are.
    """

    function: Callable[..., object]
    higher_is_better: bool
    trivial: Bound = None
    perfect: Bound = None
    takes_missing: bool = False

    def __call__(self, prediction: Array, target: Array) -> object:
        """Call the function itself."""
        return self.function(prediction, target)

    def value(self, prediction: Array, target: Array, kind: TargetKind) -> float:
        """Return the metric over the labelled samples; NaN without any label.

        Args:
            prediction: The predictions, as `metrics.compute` takes them.
            target: The labels, with missing ones.
            kind: The kind of the target.
        """
        known = is_labelled(target, kind)
        if not known.any():
            return math.nan
        if self.takes_missing:
            return self._number(prediction, target)
        if kind not in _COLUMNS:
            return self._number(prediction[known], target[known])
        columns = zip(prediction.T, target.T, known.T, strict=True)
        values = [self._number(p[known], y[known]) for p, y, known in columns if known.any()]
        defined = [value for value in values if not math.isnan(value)]
        return math.fsum(defined) / len(defined) if defined else math.nan

    def _number(self, prediction: Array, target: Array) -> float:
        value: object = self.function(prediction, target)
        return float(value)  # type: ignore[arg-type]

    def item_values(self, prediction: Array, target: Array, kind: TargetKind) -> Array:
        """Return a value for each item, (N,), whose mean is the metric.

        They are pseudo-values of the jackknife. Of more than 200 items blocks are left out in place
        of single items (M. H. Quenouille 1956, "Notes on bias in estimation"); the items of a block
        share a deviation of the size that gives their mean its variance.
        """
        value = self.value(prediction, target, kind)
        items = np.full(len(target), value)
        labelled = np.flatnonzero(is_labelled(target, kind).reshape(len(target), -1).any(axis=1))
        if math.isnan(value) or len(labelled) < 2:
            return items
        blocks = np.arange(len(labelled)) % _BLOCKS
        influence = np.zeros(len(labelled))
        for number in range(blocks.max() + 1):
            left = labelled[blocks != number]
            size = len(labelled) - len(left)
            change = value - self.value(prediction[left], target[left], kind)
            influence[blocks == number] = len(left) / math.sqrt(size) * np.nan_to_num(change)
        influence -= influence.mean()
        items[labelled] += influence * len(target) / len(labelled)
        return items

    def trivial_value(self, target: Array, kind: TargetKind, classes: int) -> float:
        """Return the value of the best constant prediction on these labels; NaN for none."""
        if self.trivial is not None:
            return _bound(self.trivial, target, kind)
        values = [self.value(p, target, kind) for p in constants(target, kind, classes)]
        defined = [value for value in values if math.isfinite(value)]
        best = max if self.higher_is_better else min
        return best(defined, default=math.nan)

    def perfect_value(self, target: Array, kind: TargetKind, classes: int) -> float:
        """Return the value of a perfect prediction on these labels."""
        if self.perfect is not None:
            return _bound(self.perfect, target, kind)
        return self.value(perfect_prediction(target, kind, classes), target, kind)

    def why_undefined(self, target: Array, kind: TargetKind, classes: int) -> str:
        """Return in words why these labels say nothing by this metric; empty where they do."""
        if not is_labelled(target, kind).any():
            return "there is no label"
        right = self.value(perfect_prediction(target, kind, classes), target, kind)
        return "" if math.isfinite(right) else f"it is {right} even where every prediction is right"


def metric(
    *,
    higher_is_better: bool,
    trivial: Bound = None,
    perfect: Bound = None,
    takes_missing: bool = False,
) -> Callable[[Callable[..., object]], OwnMetric]:
    """Make a function of predictions and labels a metric, which a config names `module:attribute`.

    Its name in results is the attribute's. The function gets two numpy arrays and returns a number:

    - class: (N, C) probabilities, and (N,) classes from 0;
    - binary: (N,) probabilities of 1, and (N,) labels 0 or 1; so for each label of a multilabel
      target, and the metric is the mean over labels;
    - real: (N,) values in the target's units, and (N,) labels; so for each element of a vector;
    - tags: (M,) predicted tags of all tokens, and (M,) tags.

    Samples without a label are left out before. NaN says that the metric is undefined.

    Args:
        higher_is_better: Whether a higher value is better.
        trivial: The value of the best constant prediction, from which skill counts: a number, or a
            function of the labels. None: the best of the mean, the median, the shares of the
            classes and each class alone.
        perfect: The value of a prediction without any error, a number or a function of the labels.
            None: that of the labels themselves.
        takes_missing: Whether the function gets all samples as they are, -1 or NaN where a label is
            missing, and several labels, vectors and sentences (N, T) as a whole.

    Examples:
        >>> import numpy as np
        >>> import mtl_search
        >>> @mtl_search.metric(higher_is_better=True)
        ... def within_ten_percent(prediction, target):
        ...     return np.mean(np.abs(prediction - target) <= 0.1 * np.abs(target))
        >>> float(within_ten_percent(np.array([1.0, 2.0]), np.array([1.05, 3.0])))
        0.5
    """

    def make(function: Callable[..., object]) -> OwnMetric:
        if not callable(function):
            raise TypeError(f"a metric is made of a function, and this is {function!r}")
        return OwnMetric(function, higher_is_better, trivial, perfect, takes_missing)

    return make


def is_labelled(target: Array, kind: TargetKind) -> Array:
    """Return where there is a label, of the shape of the target."""
    return ~np.isnan(target) if kind in REAL_KINDS else target != MISSING


def _bound(bound: Bound, target: Array, kind: TargetKind) -> float:
    if callable(bound):
        return float(bound(target[is_labelled(target, kind)]))
    assert bound is not None
    return float(bound)


def perfect_prediction(target: Array, kind: TargetKind, classes: int) -> Array:
    """Return the labels in the form of predictions; anything where they are missing."""
    if kind in REAL_KINDS:
        return np.nan_to_num(target)
    labels = np.maximum(target, 0)
    if kind == "class":
        return np.eye(classes, dtype=np.float32)[labels]
    return labels if kind == "tags" else labels.astype(np.float32)


def constants(target: Array, kind: TargetKind, classes: int) -> Iterator[Array]:
    """Yield predictions that are the same for every sample, those that are best by some metric."""
    known = is_labelled(target, kind)
    if not known.any():
        return
    if kind in REAL_KINDS:
        for middle in (np.nanmean, np.nanmedian):
            value = np.nan_to_num(middle(target.astype(np.float64), axis=0))
            yield np.broadcast_to(value, target.shape).astype(np.float32)
        return
    if kind in ("binary", "multilabel"):
        share = (target == 1).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        for number in (share, 0.0, 1.0):
            yield np.broadcast_to(number, target.shape).astype(np.float32)
        return
    counts = np.bincount(target[known], minlength=classes)
    frequent = counts.argsort()[::-1][:_MOST_CONSTANTS]
    if kind == "tags":
        yield from (np.full(target.shape, tag) for tag in frequent)
        return
    shares = [counts / counts.sum(), *np.eye(classes)[frequent]]
    yield from (np.tile(np.float32(share), (len(target), 1)) for share in shares)


def takes_two(function: object) -> bool:
    """Return whether a function can be called with predictions and labels, as far as it tells."""
    try:
        inspect.signature(function).bind(None, None)  # type: ignore[arg-type]
    except TypeError:
        return False
    except ValueError:  # it has no signature that could be read
        return True
    return True
