"""Cases for each member of each family of models; a member without one stops all tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtl_search.data.dataset import Target
from mtl_search.models.backbones import BACKBONES
from mtl_search.models.heads import HEADS, Head
from mtl_search.models.losses import LOSSES, ElementwiseLoss
from mtl_search.models.sharing import SHARING
from mtl_search.models.stage import Stage
from tests.support.packages import PACKAGES, need_package

WIDTH, TOKENS, CLASSES = 5, 4, 3


@dataclass(frozen=True)
class HeadCase:
    """How to make labels and features for a head.

    Attributes:
        kind: Kind of its target.
        losses: Every loss to try it with, and its arguments.
        arguments: Arguments of the head, chosen so that as much of it as possible runs.
        rank: Rank of the features.
    """

    kind: Any
    losses: tuple[tuple[str, Mapping[str, Any]], ...]
    arguments: Mapping[str, Any] = field(default_factory=lambda: {"hidden": [6]})
    rank: int = 2

    def labels(self, samples: int, *, missing: bool, seed: int = 0) -> Tensor:
        """Labels, about a third of them missing when asked; the first sample is always labelled."""
        rng = np.random.default_rng(seed)
        shape = {"multilabel": (samples, CLASSES), "tags": (samples, TOKENS)}.get(
            self.kind, (samples,)
        )
        gone = (rng.random(shape) < 0.35) & missing
        gone[0] = False
        if self.kind == "real":
            values = (50 + 20 * rng.normal(size=shape)).astype(np.float32)
            return torch.tensor(np.where(gone, np.nan, values).astype(np.float32))
        classes = rng.integers(0, 2 if self.kind in ("binary", "multilabel") else CLASSES, shape)
        return torch.tensor(np.where(gone, -1, classes))

    def target(self, labels: Tensor) -> Target:
        """The labels as a target of the data set."""
        names = (
            ()
            if self.kind == "real"
            else ("no", "yes")
            if self.kind == "binary"
            else ("a", "b", "c")
        )
        return Target(labels.numpy(), self.kind, names)

    def features(self, samples: int, views: int, seed: int = 0) -> tuple[Tensor, ...]:
        """Random features of each view."""
        generator = torch.Generator().manual_seed(seed)
        shape = (samples, TOKENS, WIDTH) if self.rank == 3 else (samples, WIDTH)
        return tuple(torch.randn(shape, generator=generator) for _ in range(views))

    def build(
        self, name: str, loss: tuple[str, Mapping[str, Any]], labels: Tensor, **arguments: Any
    ) -> Head:
        """The head, fitted on the labels."""
        torch.manual_seed(0)
        make: Any = HEADS[name]
        made = LOSSES[loss[0]](**loss[1])
        head: Head = make(WIDTH, self.target(labels), made, **{**self.arguments, **arguments})
        head.fit(labels)
        return head


BINARY_LOSSES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("binary_cross_entropy", {}),
    ("binary_cross_entropy", {"pos_weight": 2.5}),
)

HEAD_CASES: dict[str, HeadCase] = {
    "softmax": HeadCase(
        "class",
        (
            ("cross_entropy", {}),
            ("cross_entropy", {"label_smoothing": 0.1}),
            ("cross_entropy", {"class_weights": [1.0, 0.2, 3.0]}),
            ("cross_entropy", {"label_smoothing": 0.2, "class_weights": [1.0, 0.5, 2.0]}),
        ),
    ),
    "binary": HeadCase("binary", BINARY_LOSSES),
    "multilabel": HeadCase(
        "multilabel", (*BINARY_LOSSES, ("binary_cross_entropy", {"pos_weight": [0.5, 1.0, 4.0]}))
    ),
    "regression": HeadCase(
        "real",
        (
            ("mse", {}),
            ("mae", {}),
            ("huber", {"delta": 0.7}),
            ("smooth_l1", {"beta": 0.4}),
            ("pinball", {"quantile": 0.3}),
        ),
    ),
    "pair": HeadCase(
        "binary", (*BINARY_LOSSES, ("contrastive", {"margin": 1.5}), ("cosine", {"margin": 0.2}))
    ),
    "crf": HeadCase("tags", (("crf", {}),), rank=3),
}

# Elementwise losses: arguments, and the loss of one label by hand, (output, label) → loss.
LossCase = tuple[Mapping[str, Any], Callable[[Any, Any], Any]]


def _cross_entropy(output: Any, label: Any) -> Any:
    weights, smoothing = np.array([1.0, 0.5, 2.0]), 0.2
    log_q = output - np.log(np.exp(output).sum())
    return (
        -(1 - smoothing) * weights[label] * log_q[label] - smoothing / 3 * (weights * log_q).sum()
    )


def _bce(output: Any, label: Any) -> Any:
    p = 1 / (1 + np.exp(-output))
    return -3.0 * label * np.log(p) - (1 - label) * np.log(1 - p)


LOSS_CASES: dict[str, LossCase | None] = {
    "cross_entropy": ({"label_smoothing": 0.2, "class_weights": [1.0, 0.5, 2.0]}, _cross_entropy),
    "binary_cross_entropy": ({"pos_weight": 3.0}, _bce),
    "mse": ({}, lambda z, y: (z - y) ** 2),
    "mae": ({}, lambda z, y: abs(z - y)),
    "huber": (
        {"delta": 0.5},
        lambda z, y: 0.5 * (z - y) ** 2 if abs(z - y) <= 0.5 else 0.5 * (abs(z - y) - 0.25),
    ),
    "smooth_l1": (
        {"beta": 0.5},
        lambda z, y: (z - y) ** 2 if abs(z - y) <= 0.5 else abs(z - y) - 0.25,
    ),
    "pinball": ({"quantile": 0.3}, lambda z, y: max(0.3 * (y - z), -0.7 * (y - z))),
    "contrastive": (
        {"margin": 2.0},
        lambda d, y: 0.5 * (y * d**2 + (1 - y) * max(0.0, 2.0 - d) ** 2),
    ),
    "cosine": ({"margin": 0.2}, lambda c, y: y * (1 - c) + (1 - y) * max(0.0, c - 0.2)),
    "crf": None,  # a whole sentence has a loss, a token has none: tested with the head
}

TINY_BERT = str(Path(__file__).parent / "tiny_bert")  # a configuration without weights

# Backbones: a shape of view, arguments, and the widths and kinds of the stages that must come out.
BackboneCase = tuple[tuple[int, ...], Mapping[str, Any], list[int], list[str]]

BACKBONE_CASES: dict[str, list[BackboneCase]] = {
    "mlp": [
        ((6,), {}, [64, 64], ["vector"] * 2),
        (
            (6,),
            {"widths": [7], "norm": "layer", "dropout": 0.3, "activation": "gelu"},
            [7],
            ["vector"],
        ),
        ((1, 4, 4), {"widths": [8, 9, 10], "norm": "batch"}, [8, 9, 10], ["vector"] * 3),
    ],
    "convnet": [
        ((1, 8, 8), {}, [16, 32], ["map"] * 2),
        (
            (3, 9, 7),
            {"channels": [4, 6, 8, 8], "norm": "group", "dense": [5]},
            [4, 6, 8, 8, 5],
            ["map"] * 4 + ["vector"],
        ),
        (
            (8, 8),
            {"channels": [4], "norm": "none", "pool": 1, "kernel": 5, "dropout": 0.2},
            [4],
            ["map"],
        ),
    ],
    "bilstm": [
        ((5, 6), {"hidden": 4}, [8], ["tokens"]),
        (
            (5, 6),
            {"hidden": 3, "layers": 3, "bidirectional": False, "dropout": 0.2},
            [3] * 3,
            ["tokens"] * 3,
        ),
        (
            (5, 6),
            {"hidden": 4, "layers": 2, "indices": 2, "index_values": 9},
            [8] * 2,
            ["tokens"] * 2,
        ),
        ((5,), {"hidden": 4, "vocabulary": 30, "embedding": 7}, [8], ["tokens"]),
        ((5, 3), {"hidden": 4, "vocabulary": 30, "indices": 2, "index_values": 9}, [8], ["tokens"]),
    ],
    "transformer": [
        ((5,), {"model": TINY_BERT, "pretrained": False}, [8] * 3, ["tokens"] * 3),
        (
            (5,),
            {"model": TINY_BERT, "pretrained": False, "vocabulary": 34, "dropout": 0.3},
            [8] * 3,
            ["tokens"] * 3,
        ),
    ],
    "timm": [
        ((3, 32, 32), {"model": "resnet10t"}, [64, 64, 128, 256, 512], ["map"] * 5),
        (
            (32, 40),
            {"model": "vit_tiny_patch16_224", "stages": "children"},
            [192, 192],
            ["tokens"] * 2,
        ),
    ],
}


def build_backbone(name: str, shape: tuple[int, ...], arguments: Mapping[str, Any]) -> list[Stage]:
    """The stages of a case, where its package is installed."""
    if name in PACKAGES:
        need_package(PACKAGES[name])
    return BACKBONES[name](shape, **arguments)


def backbone_input(
    name: str, shape: tuple[int, ...], arguments: Mapping[str, Any], samples: int = 3
) -> Tensor:
    """A view for a case: real numbers, numbers of tokens, or both beside each other."""
    generator = torch.Generator().manual_seed(0)
    if name == "transformer" or (len(shape) == 1 and "vocabulary" in arguments):
        return torch.randint(0, 30, (samples, *shape), generator=generator)
    x = torch.randn(samples, *shape, generator=generator)
    indices = arguments.get("indices", 0)
    if "vocabulary" in arguments or indices:
        first = 0 if "vocabulary" in arguments else shape[1] - indices
        x[..., first:] = torch.randint(0, 9, x[..., first:].shape, generator=generator).float()
    return x


SHARING_CASES: dict[str, list[Mapping[str, Any]]] = {
    "hard": [{}, {"depth": 0}, {"depth": 1}, {"depth": {"a": 0, "b": 2, "c": 1}}],
    "soft": [{"strength": 0.1}, {"strength": [0.1, 0.0], "depth": 2}],
    "cross_stitch": [{}, {"keep": 0.5}],
}

for _table, _registry in (
    (HEAD_CASES, HEADS),
    (LOSS_CASES, LOSSES),
    (BACKBONE_CASES, BACKBONES),
    (SHARING_CASES, SHARING),
):
    _without = set(_registry) ^ set(_table)
    assert not _without, f"cases and the table of {_registry.kind}s differ in {sorted(_without)}"

HEAD_LOSSES = [
    (name, loss, f"{name}-{loss[0]}-{'-'.join(loss[1])}")
    for name, case in HEAD_CASES.items()
    for loss in case.losses
]


def fitted_head(name: str, labels: Tensor, loss: str | None = None, **arguments: Any) -> Head:
    """A head fitted on labels; the arguments are those of its loss, by default its first one."""
    case = HEAD_CASES[name]
    return case.build(name, (loss or case.losses[0][0], arguments), labels)


def entropy(*shares: float) -> float:
    """Entropy of a distribution, in nats."""
    return -sum(p * math.log(p) for p in shares if p)


ELEMENTWISE_CASES = {name: case for name, case in LOSS_CASES.items() if case is not None}


def build_loss(name: str, **arguments: Any) -> ElementwiseLoss:
    """A loss of the table."""
    loss = LOSSES[name](**arguments)
    assert isinstance(loss, ElementwiseLoss)
    return loss


def loss_inputs(name: str) -> tuple[Tensor, Tensor]:
    """Outputs and labels of 40 samples that fit a loss."""
    generator = torch.Generator().manual_seed(3)
    if name == "cross_entropy":
        output = torch.randn(40, 3, generator=generator)
        return output, torch.randint(0, 3, (40,), generator=generator)
    output = torch.randn(40, generator=generator) * 2
    if name in ("binary_cross_entropy", "contrastive", "cosine"):
        output = {"contrastive": output.abs(), "cosine": output.tanh()}.get(name, output)
        return output, torch.randint(0, 2, (40,), generator=generator)
    return output, torch.randn(40, generator=generator)
