"""Packages of the extras: imported where they are used, with a message that names the extra."""

from __future__ import annotations

import importlib
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from mtl_search.errors import ConfigError
from mtl_search.source.collection import collection_paused

# Operators for which torchvision registers further functions when it is imported, without asking
# whether they exist.
_SCHEMAS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def import_extra(module: str, extra: str, path: str) -> Any:
    """Import a package of an extra.

    Args:
        module: The name of the package, or of a module in it.
        extra: The extra of this project that brings it along.
        path: Dotted path of the key in the config that asks for it.

    Raises:
        ConfigError: The package is not installed, or it cannot be imported.
    """
    define_torchvision_schemas()
    try:
        with collection_paused():
            return importlib.import_module(module)
    except ImportError as error:
        install = f"pip install 'mtl-search[{extra}]'"
        message = f"needs the package {module!r} ({error}); install it with: {install}"
        raise ConfigError(message, path=path) from error


@contextmanager
def hub() -> Iterator[None]:
    """Let code inside ask the model hub; without a network only its cache answers, at once.

    The hub's client tries every file six times, for 24 seconds and as many lines of log, before it
    says that there is no network. So it is set to be offline when its server cannot be reached.
    """
    constants: Any = importlib.import_module("huggingface_hub.constants")
    was_offline = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = was_offline or not _is_reachable(constants.ENDPOINT)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = was_offline


def _is_reachable(address: str, seconds: float = 5.0) -> bool:
    """Whether a server answers; behind a proxy, which alone knows, it is taken to answer."""
    if getproxies().keys() & {"http", "https", "all"}:
        return True
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 443), timeout=seconds):
            return True
    except OSError:
        return False


def define_torchvision_schemas() -> None:
    """Make `import torchvision` work beside a torch that its compiled part was not built for.

    PyPI's torchvision is built for PyPI's torch, which has CUDA. Beside a CPU torch its compiled
    part cannot be loaded, and `import torchvision` fails with "operator torchvision::nms does not
    exist"; so then does the import of timm, of torchmetrics and of parts of transformers, which
    import it when it is there. None of what we use calls these operators, so their schemas alone
    are enough. Nothing is done when torchvision is missing, already imported or whole. Call this
    before the first of those imports.
    """
    spec = None if "torchvision" in sys.modules else find_spec("torchvision")
    if spec is None or spec.origin is None:
        return
    import torch

    for compiled in Path(spec.origin).parent.glob("_C*.so"):
        try:
            torch.ops.load_library(compiled)
        except OSError:
            continue
        return
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", schema)
