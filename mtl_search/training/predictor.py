"""A trained network with all that is needed to use it, without data set or sweep."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtl_search.config import Config
from mtl_search.data.preparation.base import Preparation
from mtl_search.data.spec import DataSpec
from mtl_search.data.types import Array
from mtl_search.errors import SweepError
from mtl_search.models.backbones.pretrained import skip_pretrained
from mtl_search.models.build import build_network
from mtl_search.models.network import MultiTaskNetwork


class Predictor:
    """Predict every task of a trained trial.

    Args:
        network: The trained network; it is put into evaluation mode.
        config: The trial's config.
        data_spec: The spec of the data that it was trained on.

    Attributes:
        classes: Task → the names of its classes; empty for real targets.

    Examples:
        >>> import numpy as np
        >>> from mtl_search.config import parse
        >>> from mtl_search.data import DataSet, Target
        >>> from mtl_search.data.spec import data_spec
        >>> from mtl_search.models.build import build_network
        >>> x = np.zeros((6, 4), dtype=np.float32)
        >>> kind = Target(np.array([0, 1, 0, 1, 0, 1]), "class", ("a", "b"))
        >>> splits = {"train": np.arange(2), "validation": np.arange(2, 4), "test": np.arange(4, 6)}
        >>> data = DataSet({"x": x}, {"kind": kind}, splits)
        >>> tree = {"name": "a", "data": "arrays", "tasks": {"kind": {"head": "softmax"}}}
        >>> config = parse({**tree, "model": {"backbone": "mlp"}})
        >>> predictor = Predictor(build_network(config, data), config, data_spec(data))
        >>> predictor.predict({"x": x})["kind"].shape  # class probabilities
        (6, 2)
        >>> predictor.classes
        {'kind': ('a', 'b')}
    """

    def __init__(self, network: MultiTaskNetwork, config: Config, data_spec: DataSpec) -> None:
        self.network = network.eval()
        self.config = config
        self.data_spec = data_spec
        self.classes = {
            task: data_spec.targets[name].classes for task, name in network.target_names.items()
        }

    @torch.inference_mode()
    def predict(
        self,
        inputs: Mapping[str, Any],
        masks: Mapping[str, Any] | None = None,
        batch_size: int = 512,
    ) -> dict[str, Array]:
        """Return the predictions of every task.

        Args:
            inputs: View → (N, ...) array, prepared as the data set prepared them.
            masks: View → (N, T) bool, for token views.
            batch_size: The number of samples that are predicted at a time.

        Returns:
            Task → (N, C) probabilities of classes, (N,) of a binary target, (N, L) of labels; (N,)
            values in the target's own units; or (N, T) tags.

        Raises:
            SweepError: A view that the network reads is missing.
        """
        if missing := self.views - inputs.keys():
            raise SweepError(
                f"the model needs the views {sorted(self.views)}; missing: {sorted(missing)}"
            )
        device = next(self.network.parameters()).device
        tensors = {
            view: torch.as_tensor(np.asarray(inputs[view])).to(device)
            for view in sorted(self.views)
        }
        mask_tensors = {
            view: torch.as_tensor(np.asarray(mask)).to(device)
            for view, mask in (masks or {}).items()
        }
        size = len(next(iter(tensors.values())))
        if not size:  # not all networks run without any row
            shapes = {view: tensor.shape[1:] for view, tensor in tensors.items()}
            one = {view: np.zeros((1, *shape)) for view, shape in shapes.items()}
            row = {view: x.astype(np.asarray(inputs[view]).dtype) for view, x in one.items()}
            tokens = {
                view: np.ones((1, *m.shape[1:]), np.bool_) for view, m in mask_tensors.items()
            }
            return {task: x[:0] for task, x in self.predict(row, tokens).items()}
        parts = []
        for start in range(0, size, batch_size):
            rows = slice(start, start + batch_size)
            outputs = self.network(_rows(tensors, rows), _rows(mask_tensors, rows))
            parts.append(self.network.predict(outputs))
        return {
            task: torch.cat([part[task] for part in parts]).cpu().numpy()
            for task in self.network.heads
        }

    @cached_property
    def preparation(self) -> Preparation | None:
        """What turns raw rows into inputs; None where it was not kept."""
        return self.data_spec.load_preparation()

    @property
    def views(self) -> set[str]:
        """The views that the network reads."""
        return {view for views in self.network.views.values() for view in views}


def build_predictor(
    config: Config, data_spec: DataSpec, architecture: Mapping[str, Any] | None = None
) -> Predictor:
    """Build a network, which has yet to get the weights that training gave it.

    Args:
        config: The trial's config.
        data_spec: The spec of the data that it was trained on.
        architecture: How its backbone is built, where that was stored.
    """
    with skip_pretrained(architecture):
        network = build_network(config, data_spec)
    return Predictor(network, config, data_spec)


def _rows(tensors: Mapping[str, Tensor], rows: slice) -> dict[str, Tensor]:
    return {name: tensor[rows] for name, tensor in tensors.items()}
