"""A head is built from its task's section, or refused at the key that is at fault."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.config.sections.task import TaskConfig
from mtl_search.data.dataset import Target
from mtl_search.errors import ConfigError
from mtl_search.models.heads.base import Head
from mtl_search.models.heads.build import build_head, head_class
from mtl_search.models.stage import FeatureKind

CLASSES = Target(np.array([0, 1, 2, 1]), "class", ("a", "b", "c"))
TRUTH = Target(np.array([0, 1, 1, 0]), "binary", ("no", "yes"))
TAGS = Target(np.array([[0, 1], [1, -1]]), "tags", ("O", "B"))


def squared(outputs: Tensor, target: Tensor) -> Tensor:
    """A loss of the user's own."""
    return (outputs - target).square()


def built(labels: Target, features: FeatureKind = "vector", views: int = 1, **task: Any) -> Head:
    section = TaskConfig.model_validate(task)
    return build_head("left", section, 4, labels, views=views, features=features)


def test_the_head_has_the_classes_of_the_target_and_its_own_loss() -> None:
    head = built(CLASSES, head={"name": "softmax", "hidden": [6]})
    assert type(head) is head_class("left", TaskConfig.model_validate({"head": "softmax"}))
    assert head(torch.zeros(5, 4)).shape == (5, 3)
    default = type(built(CLASSES, head="softmax").elementwise)
    assert type(built(CLASSES, head="softmax", loss="cross_entropy").elementwise) is default


def test_a_function_of_the_users_own_is_a_loss() -> None:
    target = Target(np.arange(4, dtype=np.float32), "real", ())
    own, default = (
        built(target, head="regression", loss=loss) for loss in (f"{__name__}:squared", None)
    )
    assert type(own.elementwise) is not type(default.elementwise)


@pytest.mark.parametrize(
    ("target", "task", "path", "words"),
    [
        (CLASSES, {"head": "softmx"}, "tasks.left.head.name", "did you mean 'softmax'?"),
        (CLASSES, {"head": "builtins:list"}, "tasks.left.head.name", "this is no subclass of"),
        (CLASSES, {"head": {"name": "softmax", "hiden": [3]}}, "tasks.left.head.hiden", "hidden"),
        (TRUTH, {"head": "softmax"}, "tasks.left.head", "target 'left' is of kind binary"),
        (TRUTH, {"head": "softmax", "target": "x"}, "tasks.left.head", "target 'x' is of kind"),
        (CLASSES, {"head": "softmax", "loss": "mse"}, "tasks.left.loss", "cross_entropy"),
        (
            CLASSES,
            {"head": "softmax", "loss": {"name": "cross_entropy", "class_weights": [1, 2]}},
            "tasks.left.loss.class_weights",
            "3",
        ),
        (CLASSES, {"head": "softmax", "metrics": ["r2"]}, "tasks.left.metrics", "accuracy"),
        (TAGS, {"head": "crf"}, "tasks.left.head", "reads tokens"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_key(
    target: Target, task: dict[str, Any], path: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        built(target, **task)
    assert caught.value.path.startswith(path)
    assert words in str(caught.value)


def test_the_number_of_views_is_that_of_the_head() -> None:
    with pytest.raises(ConfigError, match=r"reads 1 view\(s\), and this task names 2") as caught:
        built(CLASSES, views=2, head="softmax", view=["x", "y"])
    assert caught.value.path == "tasks.left.view"
    assert built(TAGS, "tokens", head="crf").tokens
