"""The contract of a user's loss and head, held against what they do on a small batch.

A loss that reduces by itself would train on missing labels as if they were 0, and no error would
tell. B samples, W width of the features, T tokens, H and V height and width of a map
"""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from torch import Tensor

from mtl_search.data.dataset import Target
from mtl_search.errors import ConfigError, MtlSearchError
from mtl_search.models.heads.base import Head, labelled_in
from mtl_search.models.losses import ElementwiseLoss, UserLoss
from mtl_search.models.stage import FeatureKind

# Samples of the small batch. The first one is also taken without its labels.
SAMPLES = 4

_TOKENS, _SIDE = 3, 8


def check_contract(
    head: Head,
    target: Target,
    width: int,
    *,
    views: int = 1,
    features: FeatureKind = "vector",
    path: str = "",
) -> None:
    """Hold a user's loss and head against their contract, on a few samples of the target.

    Parts of the package itself are not checked again, and neither is a target without labels, as
    that of a stored model.

    Args:
        head: The head, with its loss.
        target: The whole target, all splits.
        width: Width of the features.
        views: Number of views that the head reads.
        features: Whether the features are a vector, tokens or a map.
        path: Dotted path of the task.

    Raises:
        ConfigError: Something has another shape than it needs, is not finite, passes no gradient,
            or depends on missing labels.
    """
    is_own_head = _is_own(head)
    if not (is_own_head or _is_own(head.elementwise)):
        return
    labels = _some_labels(target)
    if len(labels) < 2:
        return
    place = f"{path}.head"
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        failure: ConfigError | None = None
        try:
            twin = fitted(head, torch.from_numpy(np.array(target.values)), place)
        except ConfigError as error:  # most likely of the loss, of which more is told below
            failure, twin = error, copy.deepcopy(head)
        twin.eval()  # no dropout, and no statistics of these random features
        output = _output(twin, labels, width, views=views, features=features, path=place)
        if output is not None:
            if type(twin).loss_sum is Head.loss_sum:
                is_outcome = target.kind in ("binary", "multilabel")
                _check_loss(twin, output, labels, f"{path}.loss", is_outcome=is_outcome)
            _check_missing(twin, output, labels, place if is_own_head else f"{path}.loss")
            if is_own_head:
                _check_prediction(twin, output, labels, target, place)
        if failure is not None:
            raise failure


def fitted(head: Head, labels: Tensor, path: str) -> Head:
    """Return a copy of a head that has been fitted to labels, as before training.

    Args:
        head: The head, which stays as it is.
        labels: The labels, missing ones included.
        path: Dotted path of the head.

    Raises:
        ConfigError: `fit` fails.
    """
    twin = copy.deepcopy(head)
    try:
        with torch.no_grad():
            twin.fit(labels)
    except MtlSearchError:
        raise
    except Exception as error:  # whatever a user's loss or head raises
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        message = f"`fit` fails on labels of shape {_shape(labels)}: {reason}"
        raise ConfigError(message, path=path) from error
    return twin


def _is_own(part: Head | ElementwiseLoss) -> bool:
    return isinstance(part, UserLoss) or not type(part).__module__.startswith("mtl_search.")


def _some_labels(target: Target) -> Tensor:
    """Return the labels of the first few samples that have any."""
    if target.values.size == 0:
        return torch.empty(0)
    labelled = target.labelled.reshape(len(target.values), -1).any(axis=1)
    rows = np.flatnonzero(labelled)[:SAMPLES]
    return torch.from_numpy(np.array(target.values[rows]))


def _output(
    head: Head, labels: Tensor, width: int, *, views: int, features: FeatureKind, path: str
) -> Tensor | None:
    """Return the head's output on random features; None where it needs maps of another size."""
    tokens = labels.shape[1] if labels.dim() == 2 and head.tokens else _TOKENS
    shape = {
        "vector": (len(labels), width),
        "tokens": (len(labels), tokens, width),
        "map": (len(labels), width, _SIDE, _SIDE),
    }[features]
    try:
        output = head(*(torch.rand(shape) for _ in range(views)))
    except Exception as error:  # whatever a user's head raises
        if features == "map":
            return None
        raise ConfigError(
            f"the head fails on {views} view(s) of features of shape {shape}: "
            f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
            path=path,
        ) from error
    if not isinstance(output, Tensor) or not output.is_floating_point():
        seen = f"type {output.dtype}" if isinstance(output, Tensor) else type(output).__name__
        raise ConfigError(
            f"the head gives {seen} for features of shape {shape}, and needed is one tensor of "
            "real numbers",
            path=path,
        )
    if len(output) != len(labels) or not output.isfinite().all():
        raise ConfigError(
            f"the head gives shape {_shape(output)} for features of shape {shape}, and needed are "
            f"finite values for {len(labels)} samples",
            path=path,
        )
    return output.detach().requires_grad_()


def _check_loss(head: Head, output: Tensor, labels: Tensor, path: str, *, is_outcome: bool) -> None:
    """Check the shape of the losses, that they are finite, and that a gradient comes through."""
    known = labels.masked_fill(~labelled_in(labels), 0)
    loss = head.elementwise
    try:
        losses = loss(output, head.encode(known))
    except Exception as error:  # whatever a user's function raises
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise ConfigError(
            f"the loss cannot be computed from an output of shape {_shape(output)} and labels of "
            f"shape {_shape(labels)} and type {labels.dtype}: {reason}",
            path=path,
        ) from error
    seen = f"shape {_shape(losses)}" if isinstance(losses, Tensor) else type(losses).__name__
    if not isinstance(losses, Tensor) or losses.shape != labels.shape:
        raise ConfigError(
            f"the loss returns {seen} for labels of shape {_shape(labels)}, and needed is one loss "
            "a label, in the shape of the labels, so that missing labels can be left out; "
            "in torch that is reduction='none', and no .mean() or .sum() at the end",
            path=path,
        )
    if not losses.isfinite().all():
        raise ConfigError(
            f"the loss of {len(labels)} samples of the data is not finite with a network that has "
            "learnt nothing; clamp what goes into a logarithm, a root or a division",
            path=path,
        )
    gradient = _gradient(losses.sum(), output)
    if gradient is None:
        raise ConfigError(
            "no gradient reaches the network's output from the loss; compute it from `output` with "
            "operations of torch, without .detach(), .item() or numpy",
            path=path,
        )
    if not gradient.isfinite().all():
        raise ConfigError("the gradient of the loss is not finite", path=path)
    _check_reductions(loss, losses, output, head.encode(known), path)
    if is_outcome:
        _check_outcomes(head, output, known, path)


def _check_outcomes(head: Head, output: Tensor, labels: Tensor, path: str) -> None:
    """Check that either outcome has a gradient; losses of -1 and 1 have none at label 0."""
    reach = torch.linspace(-1, 1, output.numel()).reshape(output.shape)
    for outcome in (0, 1):
        same = head.encode(torch.full_like(labels, outcome))
        for at in (output, output + reach, reach):
            start = at.detach().requires_grad_()
            gradient = _gradient(head.elementwise(start, same).sum(), start)
            if gradient is not None and gradient.any():
                break
        else:
            raise ConfigError(
                f"nothing is learnt from samples with label {outcome}: their loss is the same for "
                "every output; labels are 0 and 1, and a loss that needs -1 and 1 gets them by "
                "`2 * target - 1`",
                path=path,
            )


def _check_reductions(
    loss: ElementwiseLoss, losses: Tensor, output: Tensor, labels: Tensor, path: str
) -> None:
    losses = losses.detach()
    for reduction, expected in (("sum", losses.sum()), ("mean", losses.mean())):
        value = loss(output, labels, reduction).detach()
        if value.shape != () or not torch.isclose(value.double(), expected.double(), rtol=1e-3):
            raise ConfigError(
                f"with reduction={reduction!r} the loss returns shape {_shape(value)} and the "
                f"values {value.flatten()[:3].tolist()}, and the {reduction} of its losses is "
                f"{float(expected):.6g}",
                path=path,
            )


def _check_missing(head: Head, output: Tensor, labels: Tensor, path: str) -> None:
    """Check that a sample without labels is neither counted nor learned from."""
    missing = math.nan if labels.is_floating_point() else -1
    labels = labels.clone()
    labels[0] = missing
    was_complete, head.complete = head.complete, False
    try:
        total, count = head.loss_sum(output, labels)
    finally:
        head.complete = was_complete
    expected = int(labelled_in(labels).sum())
    if total.shape != () or int(count) != expected:
        raise ConfigError(
            f"`loss_sum` returns a sum of shape {_shape(total)} over {int(count)} labels, and "
            f"needed is a sum of shape () over the {expected} labels that are not missing",
            path=path,
        )
    gradient = _gradient(total, output)
    if gradient is None or not gradient.isfinite().all() or gradient[0].any():
        raise ConfigError(
            "the loss depends on samples whose label is missing; the loss of one label must depend "
            "on the output of its own sample alone",
            path=path,
        )


def _check_prediction(
    head: Head, output: Tensor, labels: Tensor, target: Target, path: str
) -> None:
    needed = (len(labels), target.size) if target.kind == "class" else tuple(labels.shape)
    prediction = head.predict(output.detach())
    if tuple(prediction.shape) != needed:
        raise ConfigError(
            f"`predict` returns shape {_shape(prediction)} for {len(labels)} samples of a target "
            f"of kind {target.kind}, and needed is {needed}",
            path=path,
        )


def _gradient(total: Tensor, output: Tensor) -> Tensor | None:
    if not total.requires_grad:
        return None
    (gradient,) = torch.autograd.grad(total, output, allow_unused=True, retain_graph=True)
    return gradient


def _shape(values: Tensor) -> tuple[int, ...]:
    return tuple(values.shape)
