"""Small models to export, one of each kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from mtl_search.config import Config, override, parse
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.spec import data_spec
from mtl_search.export import Model
from mtl_search.export.graph import ExportGraph
from mtl_search.models.build import build_network
from mtl_search.training.predictor import Predictor
from tests.support.raw_rows import Case
from tests.support.trials import all_heads


def model_of(config: Config, data: DataSet, seed: int = 0, **about: Any) -> Model:
    """A network that is drawn by chance, on targets that its heads are fitted to."""
    torch.manual_seed(seed)
    network = build_network(config, data)
    labels = {task: data.targets[name].values for task, name in network.target_names.items()}
    network.fit({task: torch.tensor(values) for task, values in labels.items()})
    return Model.of(Predictor(network, config, data_spec(data)), seed=seed, **about)


def every_head(sharing: Any, **overrides: Any) -> Model:
    """All heads, with masks, under a sharing policy."""
    config, data = all_heads()
    return model_of(override(config, {"model.sharing": sharing, **overrides}), data)


def of_case(case: Case) -> Model:
    """The network of a data set with raw rows."""
    return model_of(case.config(), case.data())


def image_model(backbone: Any) -> Model:
    """Two tasks on colour images."""
    rng = np.random.default_rng(0)
    rows = np.arange(24)
    targets = {
        "kind": Target(rows % 3, "class", ("a", "b", "c")),
        "size": Target(rng.normal(50, 9, 24).astype(np.float32), "real"),
    }
    image = rng.normal(size=(24, 3, 32, 32)).astype(np.float32)
    splits = {"train": rows[:16], "validation": rows[16:20], "test": rows[20:]}
    config = parse(
        {
            "name": "images",
            "data": "arrays",
            "tasks": {"kind": {"head": "softmax"}, "size": {"head": "regression"}},
            "model": {"backbone": backbone, "sharing": {"name": "hard", "depth": 1}},
        }
    )
    return model_of(config, DataSet({"image": image}, targets, splits))


def graph_of(model: Model, *tasks: str) -> ExportGraph:
    """The graph of a model, of all its tasks by default."""
    return ExportGraph(model.members, tasks or model.tasks)


def readme_code(folder: Path, marker: str) -> str:
    """The block of Python in a model card that has a marker in it."""
    blocks = (folder / "README.md").read_text().split("```")
    (block,) = [block for block in blocks if block.startswith("python\n") and marker in block]
    return block.removeprefix("python\n")
