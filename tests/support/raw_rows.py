"""Every data set with the raw rows that it was made of, and a small config to train on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.config import Component, Config, parse
from mtl_search.data import DataSet
from mtl_search.data.datasets.build import build_data
from mtl_search.extras import define_torchvision_schemas
from tests.support.encoders import write_encoder
from tests.support.marked_files import plain, write_marked

MOLECULES = ("CCO", "c1ccccc1O", "CC(=O)O", "CCN", "C1CCCCC1", "CCCl", "OCC(O)CO", "CNC")
SHARING: Mapping[str, Any] = {
    "hard": {"name": "hard", "depth": 1},
    "soft": {"name": "soft", "strength": 0.01},
    "cross_stitch": {"name": "cross_stitch"},
}


@dataclass(frozen=True)
class Case:
    """A data set and its raw rows.

    Attributes:
        tree: The section `data` of a config.
        raw: The raw rows of all samples, in their order; with several sources those of the first.
        tasks: The section `tasks`.
        backbone: The section `model.backbone`.
        source: The source of the rows.
    """

    tree: Mapping[str, Any]
    raw: Any
    tasks: Mapping[str, Any]
    backbone: Any
    source: str | None = None

    def data(self) -> DataSet:
        """The data set."""
        return build_data(Component.model_validate(self.tree), 0)

    def config(self, sharing: str = "hard") -> Config:
        """A config of one epoch."""
        return parse(
            {
                "name": "raw",
                "data": self.tree,
                "tasks": self.tasks,
                "model": {"backbone": self.backbone, "sharing": SHARING[sharing]},
                "training": {"epochs": 1, "batch_size": 16},
            }
        )


def penguins(folder: Path) -> Case:
    """A CSV in a package; the rows are a frame with numbers, where training read texts."""
    import palmerpenguins

    tree = {
        "name": "table",
        "path": "package:palmerpenguins/data/penguins.csv",
        "columns": ["bill_length_mm", "island", "flipper_length_mm", "sex"],
        "targets": {"species": "class", "body_mass_g": "real"},
    }
    path = Path(palmerpenguins.__file__).parent / "data" / "penguins.csv"
    tasks = {"species": {"head": "softmax"}, "body_mass_g": {"head": "regression"}}
    return Case(tree, pd.read_csv(path), tasks, {"name": "mlp", "widths": [8, 8]})


def images(folder: Path) -> Case:
    """Image files of several sizes and modes, and their names."""
    pillow = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    rows = []
    for number in range(24):
        name = f"{number}.png"
        height, width = int(rng.integers(8, 20)), int(rng.integers(8, 20))
        pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
        image = pillow.fromarray(pixels)
        (image.convert("L") if number % 3 == 0 else image).save(folder / name)
        rows.append((name, "ab"[number % 2], number % 2))
    frame = pd.DataFrame(rows, columns=["file", "kind", "flag"])
    frame.to_csv(folder / "labels.csv", index=False)
    tree = {
        "name": "image_folder",
        "path": str(folder),
        "labels": str(folder / "labels.csv"),
        "targets": {"kind": "class", "flag": "binary"},
        "size": [8, 6],
        "cache": str(folder / "cache"),
    }
    tasks = {"kind": {"head": "softmax"}, "flag": {"head": "binary"}}
    raw = [folder / name for name in frame["file"]]
    return Case(tree, raw, tasks, {"name": "convnet", "channels": [4, 4]})


_PAIR_TASKS = {
    "left": {"head": "softmax", "view": "left"},
    "right": {"head": "softmax", "view": "right"},
    "same": {"head": "pair", "view": ["left", "right"]},
}


def pairs(folder: Path) -> Case:
    """Bytes with their channel last, which are divided by 255."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (60, 6, 5), np.uint8)
    np.savez(folder / "a.npz", images=pixels, labels=np.arange(60) % 3)
    tree = {
        "name": "image_pairs",
        "path": str(folder / "a.npz"),
        "train": 40,
        "validation": 10,
        "test": 10,
    }
    case = Case(tree, None, _PAIR_TASKS, {"name": "mlp", "widths": [8, 8]})
    made = case.data().inputs
    raw = {side: np.rint(made[side][:, 0] * 255).astype(np.uint8) for side in ("left", "right")}
    return Case(tree, raw, case.tasks, case.backbone)


def digits(folder: Path) -> Case:
    """Numbers from 0 to 16, as scikit-learn gives them."""
    tree = {"name": "digit_pairs", "train": 40, "validation": 10, "test": 10}
    case = Case(tree, None, _PAIR_TASKS, {"name": "mlp", "widths": [8, 8]})
    made = case.data().inputs
    raw = {side: np.asarray(made[side], np.float64) * 16 for side in ("left", "right")}
    return Case(tree, raw, case.tasks, case.backbone)


def attributes(folder: Path) -> Case:
    """Scans as scikit-learn has them, from 0 to 16."""
    tree = {"name": "digit_attributes"}
    tasks = {"digit": {"head": "softmax"}, "attributes": {"head": "multilabel"}}
    case = Case(tree, None, tasks, {"name": "mlp", "widths": [8, 8]})
    raw = {"image": np.asarray(case.data().inputs["image"], np.float64) * 16}
    return Case(tree, raw, case.tasks, case.backbone)


def arrays(folder: Path) -> Case:
    """Bytes with a scale, and vectors of tokens with a mask and tags."""
    rng = np.random.default_rng(0)
    n, tokens = 30, 5
    mask = np.arange(tokens) < rng.integers(1, tokens + 1, (n, 1))
    stored = {
        "pixels": rng.integers(0, 256, (n, 1, 4, 4), np.uint8),
        "words": rng.normal(size=(n, tokens, 6)),
        "real": mask.astype(np.int8),
        "kind": rng.integers(0, 3, n),
        "tag": np.where(mask, rng.integers(0, 3, (n, tokens)), -1),
    }
    np.savez(folder / "a.npz", **stored)  # type: ignore[arg-type]
    tree = {
        "name": "arrays",
        "path": str(folder / "a.npz"),
        "inputs": {"image": "pixels", "tokens": "words"},
        "masks": {"tokens": "real"},
        "scale": {"image": 100},
        "targets": {"kind": "class", "tag": "tags"},
    }
    tasks = {
        "kind": {"head": "softmax", "view": "tokens"},
        "tag": {"head": "crf", "view": "tokens"},
    }
    raw = {"image": stored["pixels"], "tokens": stored["words"], "tokens_mask": stored["real"]}
    return Case(tree, raw, tasks, "tests.support.trials:token_backbone")


def sentences(folder: Path, **arguments: Any) -> Case:
    """Sentences with marks; those of training are in the order of the data set."""
    own = [plain(k, between=k % 4) for k in range(20)]
    official = [plain(100 + k, between=3) for k in range(4)]
    write_marked(folder / "train.txt", own)
    write_marked(folder / "test.txt", official, start=101)
    tree = {
        "name": "semeval",
        "train": str(folder / "train.txt"),
        "test": str(folder / "test.txt"),
        "length": 8,
        "validation": 0.2,
        "cache": str(folder / "cache"),
        **arguments,
    }
    tasks = {"relation": {"head": "softmax"}, "entities": {"head": "crf"}}
    backbone = {
        "name": "bilstm",
        "vocabulary": 100,
        "indices": 2,
        "index_values": 16,
        "hidden": 4,
        "layers": 2,
    }
    return Case(tree, own + official, tasks, backbone)


def vectors(folder: Path) -> Case:
    """Sentences as the frozen vectors of an encoder."""
    define_torchvision_schemas()  # as whatever loads an encoder does first
    pytest.importorskip("transformers")
    (folder / "encoder").mkdir()
    encoder = write_encoder(folder / "encoder", seed=0)
    case = sentences(folder, encoder=str(encoder))
    backbone = {"name": "bilstm", "indices": 2, "index_values": 16, "hidden": 4, "layers": 2}
    return Case(case.tree, case.raw, case.tasks, backbone)


def subwords(folder: Path) -> Case:
    """Sentences as the sub-words of an encoder that is trained, too."""
    define_torchvision_schemas()  # as whatever loads an encoder does first
    pytest.importorskip("transformers")
    (folder / "encoder").mkdir()
    encoder = str(write_encoder(folder / "encoder", seed=0))
    case = sentences(folder, view="subwords", encoder=encoder, length=24)
    tasks = {
        "relation": {"head": "softmax", "view": "subwords", "spans": "spans"},
        "entities": {"head": "crf", "view": "subwords"},
    }
    backbone = {"name": "transformer", "model": encoder, "pretrained": False}
    return Case(case.tree, case.raw, tasks, backbone)


def sources(folder: Path) -> Case:
    """Two tables with the same columns and other numbers, so that each is scaled in its own way."""
    rng = np.random.default_rng(0)
    frames = {}
    for name, scale in (("one", 1.0), ("two", 100.0)):
        x = rng.normal(size=(30, 2)) * scale
        frame = pd.DataFrame(x, columns=["a", "b"]).assign(**{f"y_{name}": x[:, 0]})
        frame.to_csv(folder / f"{name}.csv", index=False)
        frames[name] = frame
    parts = {
        name: {
            "name": "table",
            "path": str(folder / f"{name}.csv"),
            "targets": {f"y_{name}": "real"},
        }
        for name in frames
    }
    tasks = {f"y_{name}": {"head": "regression"} for name in frames}
    tree = {"name": "sources", "sources": parts}
    return Case(tree, frames["one"], tasks, {"name": "mlp", "widths": [8, 8]}, source="one")


def molecules(folder: Path) -> Case:
    """A data set of the user's, with a preparation of the user's."""
    texts = [f"{one}{other}" for one in MOLECULES for other in MOLECULES[:5]]
    frame = pd.DataFrame(
        {
            "smiles": texts,
            "toxic": np.arange(len(texts)) % 2,
            "active": np.arange(len(texts)) // 2 % 2,
        }
    )
    frame.to_csv(folder / "m.csv", index=False)
    tree = {
        "name": "tests.support.molecules:molecules",
        "path": str(folder / "m.csv"),
        "targets": ["toxic", "active"],
        "width": 32,
    }
    tasks = {"toxic": {"head": "binary"}, "active": {"head": "binary"}}
    return Case(tree, texts, tasks, {"name": "mlp", "widths": [8, 8]})


CASES: Mapping[str, Callable[[Path], Case]] = {
    "arrays": arrays,
    "attributes": attributes,
    "digits": digits,
    "images": images,
    "molecules": molecules,
    "pairs": pairs,
    "penguins": penguins,
    "sentences": sentences,
    "sources": sources,
    "subwords": subwords,
    "vectors": vectors,
}
