"""Losses of rows of heads are those of each head, for every loss of the registry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.data.dataset import Target
from mtl_search.models.heads.base import PooledHead
from mtl_search.models.heads.binary import Binary
from mtl_search.models.heads.multilabel import Multilabel
from mtl_search.models.heads.regression import Regression
from mtl_search.models.heads.softmax import Softmax
from mtl_search.models.losses import LOSSES
from mtl_search.training.packs.dense.losses import gives_numbers, has_rule, row_losses

ROWS, SAMPLES = 3, 7
RNG = np.random.default_rng(0)
KINDS: dict[str, tuple[type[PooledHead], Target]] = {
    "softmax": (Softmax, Target(RNG.integers(0, 3, SAMPLES), "class", ("a", "b", "c"))),
    "binary": (Binary, Target(RNG.integers(0, 2, SAMPLES), "binary", ("no", "yes"))),
    "multilabel": (
        Multilabel,
        Target(RNG.integers(0, 2, (SAMPLES, 4)), "multilabel", tuple("pqrs")),
    ),
    "real": (Regression, Target(RNG.normal(size=SAMPLES).astype(np.float32), "real")),
    "vector": (
        Regression,
        Target(RNG.normal(size=(SAMPLES, 4)).astype(np.float32), "vector", tuple("pqrs")),
    ),
}
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("softmax", "cross_entropy", {"label_smoothing": 0.2}),
    *((kind, name, {}) for kind, (head, _) in KINDS.items() for name in head.losses),
]


def _outputs(head: PooledHead, width: int) -> Tensor:
    shape = (ROWS, SAMPLES) if gives_numbers(head) else (ROWS, SAMPLES, width)
    return torch.randn(shape, requires_grad=True)


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize(("kind", "name", "arguments"), CASES)
def test_rows_have_the_loss_of_their_heads(
    kind: str, name: str, arguments: dict[str, Any], missing: bool
) -> None:
    torch.manual_seed(0)
    made, target = KINDS[kind]
    heads = [made(5, target, LOSSES[name](**arguments)) for _ in range(ROWS)]
    labels = torch.stack([torch.from_numpy(target.values)] * ROWS)
    if missing:
        labels[0, 2:] = torch.nan if labels.is_floating_point() else -1
        labels[2] = torch.nan if labels.is_floating_point() else -1
    for number, head in enumerate(heads):
        head.complete = not missing
        if isinstance(head, Regression):
            head.mean += number
            head.std += number
    names = [key for key, _ in heads[0].named_buffers()]
    buffers = {key: torch.stack([head.get_buffer(key) for head in heads]) for key in names}
    outputs = _outputs(heads[0], target.size)
    losses = row_losses(heads[0], outputs, labels, buffers)
    alone = [head.loss(x, y) for head, x, y in zip(heads, outputs, labels, strict=True)]
    torch.testing.assert_close(losses, torch.stack(alone))
    mine, theirs = (torch.autograd.grad(x.sum(), outputs) for x in (losses, torch.stack(alone)))
    torch.testing.assert_close(mine[0], theirs[0])


def test_weights_and_losses_of_ones_own_have_no_rule() -> None:
    made, target = KINDS["softmax"]
    assert has_rule(made(5, target, LOSSES["cross_entropy"]()))
    assert not has_rule(made(5, target, LOSSES["cross_entropy"](class_weights=[1, 2, 3])))
    assert not has_rule(made(5, target, torch.nn.functional.cross_entropy))
