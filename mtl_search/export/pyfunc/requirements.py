"""What a model needs where it is loaded."""

from __future__ import annotations

import importlib
import json
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from mtl_search.config import to_stored

if TYPE_CHECKING:
    from mtl_search.export.model import Model

_ALWAYS = ("torch", "mlflow", "numpy", "pandas", "safetensors")
# Package of an extra → the names in a config or a preparation that need it.
_WHERE_USED = {
    "timm": ('"timm"',),
    "transformers": ('"transformer"', '"encoder": "'),
    "pillow": ('"name": "image"',),
}


def requirements_of(model: Model) -> list[str]:
    """Return the packages of a model with the versions that are installed, as pip takes them.

    The build of a version, such as `+cpu`, is left out: no public index has it.
    """
    own = importlib.import_module("mtl_search").__version__
    text = " ".join(
        json.dumps([to_stored(member.predictor.config), member.predictor.data_spec.to_json()])
        for member in model.members
    )
    used = [name for name, marks in _WHERE_USED.items() if any(mark in text for mark in marks)]
    versions = {name: _version(name) for name in (*_ALWAYS, *used)}
    return [f"mtl-search=={own}", *(f"{name}=={x}" for name, x in versions.items() if x)]


def _version(package: str) -> str:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return ""
