"""The environment of a session names what decides results, and nobody."""

from __future__ import annotations

import getpass
import json
import platform
from collections.abc import Mapping

import pytest
import ray
import torch

import mtl_search
from mtl_search.search.provenance import environment
from mtl_search.search.provenance.environment import describe_environment


def test_versions_are_those_of_this_process() -> None:
    versions = describe_environment().versions
    assert versions["mtl_search"] == mtl_search.__version__
    assert versions["torch"].partition("+")[0] == torch.__version__.partition("+")[0]
    assert versions["ray"] == ray.__version__
    assert {"python", "optuna", "mlflow"} <= versions.keys()


def test_no_host_or_user_is_named() -> None:
    text = json.dumps(describe_environment().description())
    assert platform.node() not in text
    assert getpass.getuser() not in text or len(getpass.getuser()) < 5


def test_accelerators_are_named_by_their_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def resources() -> Mapping[str, float]:
        return {
            "CPU": 16.0,
            "GPU": 2.0,
            "accelerator_type:H100": 1.0,
            "memory": 1e9,
            "node:10.0.0.7": 1.0,
        }

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    assert environment._devices() == {}
    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    monkeypatch.setattr(ray, "cluster_resources", resources)
    assert environment._devices() == {"CPU": 16.0, "GPU": 2.0, "H100": 1.0}


def test_a_package_without_metadata_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_PACKAGES", ("numpy", "no-such-package"))
    assert set(environment.describe_environment().versions) == {"mtl_search", "python", "numpy"}
