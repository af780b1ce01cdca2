"""The environment of a session: versions, platform, devices; no host, path or user."""

from __future__ import annotations

import platform
from importlib import import_module, metadata

import ray

from mtl_search.storage.events import EnvironmentDescribed

_PACKAGES = ("torch", "numpy", "ray", "optuna", "mlflow", "scikit-learn")
# How Ray names the type of a node's accelerators among its resources.
_ACCELERATOR = "accelerator_type:"


def describe_environment() -> EnvironmentDescribed:
    """Return what this process, and the cluster that it is connected to, run with.

    Examples:
        >>> import re
        >>> bool(re.match(r"3[.]", describe_environment().versions["python"]))
        True
    """
    versions = {"mtl_search": str(import_module("mtl_search").__version__)}
    versions["python"] = platform.python_version()
    versions |= {package: version for package in _PACKAGES if (version := _version(package))}
    return EnvironmentDescribed(
        versions=versions,
        platform=f"{platform.system()} {platform.machine()}",
        devices=_devices(),
    )


def _version(package: str) -> str:
    """Return a package's version; empty where only its modules are there, without metadata."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _devices() -> dict[str, float]:
    """Return CPUs and GPUs of the cluster, and how many of its nodes have which GPU.

    Ray knows the names of GPUs without CUDA in the driver, which would take memory of one.
    """
    if not ray.is_initialized():
        return {}
    resources = ray.cluster_resources()
    devices = {name: float(resources[name]) for name in ("CPU", "GPU") if name in resources}
    for name, count in sorted(resources.items()):
        if name.startswith(_ACCELERATOR):
            devices[name.removeprefix(_ACCELERATOR)] = float(count)
    return devices
