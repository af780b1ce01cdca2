"""Folders of models: what `Model.save` writes, and the networks that a sweep keeps.

    model.json          format 2: every network's config, the spec and the preparation of its data;
                        format 1, or none: one network that training kept
    model.safetensors   the weights; in format 2 under `<number of the network>.<name>`
    preparation/<n>     what the preparation of raw rows needs beside JSON, such as a tokenizer; the
                        networks say which n is theirs

Nothing is pickled, and nothing names a folder of the machine on which it was trained that loading
would need.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from mtl_search.config import Config, from_stored, to_stored
from mtl_search.config.consent import TrustCode, check_consent
from mtl_search.data.preparation.stored import code_in, write_files
from mtl_search.data.spec import DataSpec
from mtl_search.errors import RequestError, SweepError
from mtl_search.export.members import Member
from mtl_search.models.backbones.pretrained import architecture_of
from mtl_search.storage.atomic import replace_folder
from mtl_search.training.checkpoint import tensors_of
from mtl_search.training.predictor import build_predictor

CARD = "model.json"
WEIGHTS = "model.safetensors"
PREPARATIONS = "preparation"
FORMAT = 2

_BROKEN = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def save_model(members: Sequence[Member], info: Mapping[str, Any], folder: Path) -> None:
    """Write networks into a folder.

    Args:
        members: The networks.
        info: What else is known of the model.
        folder: The folder; a model that is there already is replaced.

    Raises:
        DataError: What the preparation needs, such as a tokenizer, is not here.
        SweepError: The folder is none, or has other files in it.
    """
    check_folder(folder)

    def write(new: Path) -> None:
        weights: dict[str, Tensor] = {}
        for number, member in enumerate(members):
            tensors = tensors_of(member.predictor.network)
            weights |= {f"{number}.{name}": tensor for name, tensor in tensors.items()}
        save_file(weights, new / WEIGHTS)
        cards = [_card(member) for member in members]
        _write_files(members, cards, new / PREPARATIONS)
        card = {
            "format": FORMAT,
            "mtl_search": importlib.import_module("mtl_search").__version__,
            "info": dict(info),
            "members": cards,
        }
        (new / CARD).write_text(json.dumps(card), encoding="utf-8")

    replace_folder(folder, write)


def check_folder(folder: Path, marker: str = CARD, noun: str = "a model") -> None:
    """Refuse a folder that no model can be written to.

    Args:
        folder: The folder; there may be none yet, or a model in it.
        marker: The file by which such a model is known.
        noun: What it is called, with its article.

    Raises:
        SweepError: It is a file, it has other files in it, or it cannot be made.
    """
    if folder.exists() and not (folder / marker).exists():
        if not folder.is_dir():
            raise RequestError(f"{folder} is a file; {noun} is a folder")
        if any(folder.iterdir()):
            _, name = noun.split(" ", 1)
            raise RequestError(f"{folder} has files in it and is no {name}: name a new folder")
    if folder.exists():
        return
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        what = "cannot be written to" if above.is_dir() else "is a file"
        raise SweepError(f"the folder {folder} cannot be made, since {above} {what}")


def load_model(
    folder: Path, trust_code: TrustCode = False, *, files: Path | None = None
) -> tuple[list[Member], dict[str, Any]]:
    """Load the networks of a folder.

    Args:
        folder: The folder.
        trust_code: Whether code that the model names may run where the folder is not the user's.
        files: What the preparation needs beside JSON, where the folder does not have it itself.

    Returns:
        The networks, and what else is known of the model.

    Raises:
        ConfigError: The folder is not the user's, and names code that is not trusted.
        SweepError: There is no model in the folder, or it is broken.
    """
    card = read_card(folder)
    cards = card.get("members", [card])
    # Consent comes first: whatever else is wrong, code of strangers is told of.
    specs = [_read_specs(folder, part, trust_code, files) for part in cards]
    predictors = [
        build_predictor(config, data_spec, part.get("architecture"))
        for part, (config, data_spec) in zip(cards, specs, strict=True)
    ]
    weights = _read_weights(folder)
    members = []
    for number, (part, predictor) in enumerate(zip(cards, predictors, strict=True)):
        prefix = f"{number}." if "members" in card else ""
        own = {
            name.removeprefix(prefix): tensor
            for name, tensor in weights.items()
            if name.startswith(prefix)
        }
        try:
            predictor.network.load_state_dict(own)
        except RuntimeError as error:  # of torch, where weights are missing or of another shape
            raise _broken(folder / WEIGHTS, error) from error
        tasks = tuple(part.get("tasks") or predictor.network.heads)
        about = {key: part[key] for key in ("trial", "arm", "seed", "epoch") if key in part}
        members.append(Member(predictor, tasks, **about))
    return members, dict(card.get("info", {}))


def _read_specs(
    folder: Path, part: Mapping[str, Any], trust_code: TrustCode, files: Path | None
) -> tuple[Config, DataSpec]:
    """Read the config of a network and the spec of its data, if the user trusts their code.

    Raises:
        ConfigError: They name code that is not trusted.
        SweepError: They are broken.
    """
    try:
        config = from_stored(part["config"])
        if "files" in part:
            files = folder.absolute() / PREPARATIONS / str(int(part["files"]))
        data_spec = DataSpec.from_json(part["data"], files)
        further = [("preparation", name) for name in code_in(data_spec.stored_preparation)]
    except _BROKEN as error:
        raise _broken(folder / CARD, error) from error
    check_consent(config, [folder], trust_code, further=further)
    return config, data_spec


def read_card(folder: Path) -> dict[str, Any]:
    """Read `model.json`; nothing that it names is imported or built.

    Raises:
        SweepError: There is none, it is broken, or a later version wrote it.
    """
    file = folder / CARD
    if not file.exists():
        raise RequestError(
            f"no trained network in {folder} (there is no {CARD} in it): of a sweep, only the best "
            "of each arm and the finalists are kept"
        )
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
        version = int(card.get("format", 1))
    except (OSError, *_BROKEN) as error:
        raise _broken(file, error) from error
    if version > FORMAT:
        raise RequestError(
            f"{file} has the format {version}, and this version of mtl_search reads up to "
            f"{FORMAT}: install version {card.get('mtl_search', 'that wrote it')} or later"
        )
    return dict(card)


def _write_files(members: Sequence[Member], cards: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write what the preparations need, once where several networks have the same one.

    Args:
        members: The networks.
        cards: What is stored of each; it is told the number of its files.
        folder: The folder for all of them.
    """
    numbers: dict[str, int] = {}
    for member, card in zip(members, cards, strict=True):
        preparation = member.predictor.preparation
        if preparation is None or not preparation.has_files:
            continue
        key = json.dumps(card["data"]["preparation"], sort_keys=True)
        if key not in numbers:
            numbers[key] = len(numbers)
            write_files(preparation, folder / str(numbers[key]))
        card["files"] = numbers[key]


def _card(member: Member) -> dict[str, Any]:
    predictor = member.predictor
    architecture = architecture_of(predictor.network)
    return {
        "trial": member.trial,
        "arm": member.arm,
        "seed": member.seed,
        "epoch": member.epoch,
        "tasks": list(member.tasks),
        "config": to_stored(predictor.config),
        "data": predictor.data_spec.to_json(),
        **({} if architecture is None else {"architecture": architecture}),
    }


def _read_weights(folder: Path) -> dict[str, Tensor]:
    file = folder / WEIGHTS
    try:
        return load_file(file)
    except Exception as error:  # safetensors has an error of its own, beside OSError
        raise _broken(file, error) from error


def _broken(file: Path, error: Exception) -> SweepError:
    return RequestError(f"{file} is no part of a model ({type(error).__name__}: {error})")
