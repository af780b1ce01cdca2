"""A model as files that run without this project: graph, interface, preparation, card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mtl_search.config.checks import check_choice
from mtl_search.data.dataset import Target
from mtl_search.data.preparation.base import Preparation
from mtl_search.data.preparation.stored import to_stored, write_preparation
from mtl_search.errors import DataError
from mtl_search.export.card import Format, card
from mtl_search.export.check import check_exported, onnx_runner, random_inputs, torch_runner
from mtl_search.export.folder import check_folder
from mtl_search.export.graph import ExportGraph
from mtl_search.export.interface import interface
from mtl_search.export.members import Member
from mtl_search.export.onnx_export import require_onnx, write_onnx
from mtl_search.export.torch_export import traced, write_torch
from mtl_search.storage.atomic import replace_folder

FILES: Mapping[Format, str] = {"onnx": "model.onnx", "torch": "model.pt2"}
INTERFACE = "interface.json"
PREPARATION = "preprocessing.json"
CARD = "README.md"


@dataclass(frozen=True)
class Exported:
    """What has been written.

    Attributes:
        folder: The folder.
        file: The file with the graph.
        tasks: The tasks.
        inputs: The names of the inputs, in their order.
        outputs: The names of the outputs, in their order.
        difference: The largest difference from the network, relative where values exceed 1.
    """

    folder: Path
    file: Path
    tasks: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    difference: float


def export_model(
    members: Sequence[Member],
    targets: Mapping[str, Target],
    tasks: Sequence[str],
    folder: Path,
    form: Format,
    *,
    preparation: Preparation | None = None,
    info: Mapping[str, Any] | None = None,
) -> Exported:
    """Write a model into a folder, and check that the file computes what the networks compute.

    Args:
        members: The networks.
        targets: Task → its target.
        tasks: The tasks that go out.
        folder: The folder; an export that is there already is replaced.
        form: The format.
        preparation: What prepares raw rows.
        info: What is known of the model, for its card.

    Raises:
        ConfigError: There is no such format, or an ensemble tags a task by a CRF.
        SweepError: A package is missing; a network cannot be exported, or the file computes
            something else; or the folder has other files in it.
    """
    check_choice(form, "format", FILES, "format")
    if form == "onnx":
        require_onnx()
    check_folder(folder, INTERFACE, "an exported model")
    graph = ExportGraph(members, tasks)
    examples = graph.tensors(*random_inputs(graph, 2, np.random.default_rng(1)))
    program = traced(graph, examples)
    described = interface(graph, targets, onnx_names=form == "onnx")
    about = {"data": {"name": members[0].predictor.config.data.name}, **(info or {})}
    about["metrics"] = _of_tasks(about.get("metrics") or {}, tasks)
    stored = None if preparation is None else to_stored(preparation)
    differences = []

    def write(new: Path) -> None:
        file = new / FILES[form]
        if form == "onnx":
            write_onnx(program, graph, file)
            run = onnx_runner(graph, file)
        else:
            write_torch(program, file)
            run = torch_runner(file)
        differences.append(check_exported(graph, run, _single(preparation), file))
        _write_json(new / INTERFACE, described)
        if preparation is not None:
            write_preparation(preparation, new / PREPARATION)
        text = card(form, described, about, stored, differences[0])
        (new / CARD).write_text(text, encoding="utf-8")

    replace_folder(folder, write)
    return Exported(
        folder,
        folder / FILES[form],
        tuple(tasks),
        tuple(given["name"] for given in described["inputs"]),
        graph.outputs,
        differences[0],
    )


def _of_tasks(metrics: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Any]:
    """Return the metrics (`test/<task>/<metric>`) of the tasks that go out."""
    prefixes = tuple(f"test/{task}/" for task in tasks)
    return {name: value for name, value in metrics.items() if name.startswith(prefixes)}


def _single(preparation: Preparation | None) -> Preparation | None:
    """Return a preparation for the check; None where it must be said which source's it is."""
    try:
        return None if preparation is None else preparation.of_source(None)
    except DataError:
        return None


def _write_json(file: Path, tree: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(tree, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
