"""A trained network with all that is needed to use it: no data set, no sweep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from mtl_search.config import Config, parse
from mtl_search.config.renamed_keys import with_new_names
from mtl_search.data.spec import DataSpec
from mtl_search.data.types import Array
from mtl_search.errors import SweepError
from mtl_search.models.backbones.pretrained import skip_pretrained
from mtl_search.models.network import MultiTaskNetwork, build_network


class Predictor:
    """Predicts every task of a trained trial.

    Args:
        network: In evaluation mode.
        config: Of the trial.
        layout: Of the data it was trained on.

    Attributes:
        classes: Task → names of its classes; empty for real targets.
    """

    def __init__(self, network: MultiTaskNetwork, config: Config, layout: DataSpec) -> None:
        self.network = network.eval()
        self.config = config
        self.layout = layout
        self.classes = {
            task: layout.targets[name].classes for task, name in network.target_names.items()
        }

    @torch.inference_mode()
    def predict(
        self,
        inputs: Mapping[str, Any],
        masks: Mapping[str, Any] | None = None,
        batch_size: int = 512,
    ) -> dict[str, Array]:
        """Predictions of every task.

        Args:
            inputs: View → (N, ...) array, prepared as the data set prepared them.
            masks: View → (N, T) bool, for token views.
            batch_size: Samples at a time.

        Returns:
            Task → (N, C) class probabilities, (N,) probability of a binary target, (N, L) of labels, (N,) values in the
            target's own units, or (N, T) tags.

        Raises:
            SweepError: A view is missing.
        """
        needed = {view for views in self.network.views.values() for view in views}
        if missing := needed - inputs.keys():
            raise SweepError(
                f"the model needs the views {sorted(needed)}; missing: {sorted(missing)}"
            )
        tensors = {view: torch.as_tensor(np.asarray(inputs[view])) for view in sorted(needed)}
        kept = {view: torch.as_tensor(np.asarray(mask)) for view, mask in (masks or {}).items()}
        size = len(next(iter(tensors.values())))
        parts = [
            self.network.predict(
                self.network(_rows(tensors, start, batch_size), _rows(kept, start, batch_size))
            )
            for start in range(0, size, batch_size)
        ]
        return {
            task: torch.cat([part[task] for part in parts]).numpy() for task in self.network.heads
        }


def load_predictor(folder: Path) -> Predictor:
    """The network that `checkpoint.save_best` wrote.

    Raises:
        SweepError: There is none in the folder.
    """
    card_file = folder / "model.json"
    if not card_file.exists():
        raise SweepError(
            f"no trained network in {folder}: only the best of each arm and the finalists are kept"
        )
    card = json.loads(card_file.read_text(encoding="utf-8"))
    config, layout = parse(with_new_names(card["config"])), DataSpec.from_json(card["data"])
    with skip_pretrained():
        network = build_network(config, layout)
    network.load_state_dict(load_file(folder / "model.safetensors"))
    return Predictor(network, config, layout)


def _rows(tensors: Mapping[str, Tensor], start: int, size: int) -> dict[str, Tensor]:
    return {name: tensor[start : start + size] for name, tensor in tensors.items()}
