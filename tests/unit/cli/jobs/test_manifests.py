"""What goes to `sbatch` or `kubectl` is alone on standard output."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from mtl_search.cli.jobs.manifests import active_environment, kuberay_command, slurm_command
from mtl_search.errors import ConfigError
from mtl_search.jobs.kuberay import KubeRayOptions
from mtl_search.jobs.slurm import SlurmOptions
from tests.support.repository import CONFIGS

_FILE = CONFIGS / "quickstart.yaml"


def test_the_script_is_all_of_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    slurm_command(_FILE, ["search.trials=7"], SlurmOptions())
    printed = capsys.readouterr()
    assert printed.out.startswith("#!/bin/bash\n#SBATCH ")
    assert f"arguments=({_FILE} search.trials=7)\n" in printed.out
    assert printed.out.endswith('exit "$status"\n')
    assert "runs/quickstart-<job id>" in printed.err


def test_the_manifests_are_all_of_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    kuberay_command(_FILE, ["search.trials=7"], KubeRayOptions(namespace="lab"))
    printed = capsys.readouterr()
    kinds = [manifest["kind"] for manifest in yaml.safe_load_all(printed.out)]
    assert kinds == ["ConfigMap", "PersistentVolumeClaim", "RayJob"]
    assert "kubectl -n lab create secret generic ray-token" in printed.err
    assert "deletes that volume, too" in printed.err


def test_a_claim_that_exists_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    kuberay_command(_FILE, [], KubeRayOptions(claim="sweeps"))
    printed = capsys.readouterr()
    assert "PersistentVolumeClaim" not in printed.out
    assert "deletes" not in printed.err


def test_a_wrong_config_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="convnets"):
        slurm_command(_FILE, ["model.backbone=convnets"], SlurmOptions())
    with pytest.raises(ConfigError, match="convnets"):
        kuberay_command(_FILE, ["model.backbone=convnets"], KubeRayOptions())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("address", ["https://me:hunter2@host", "https://host?token=hunter2"])
def test_a_password_in_an_override_is_refused(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"tracking.uri={address}"]
    with pytest.raises(ConfigError, match=r"tracking\.uri: a password here") as raised:
        slurm_command(_FILE, words, SlurmOptions())
    assert "hunter2" not in str(raised.value)
    with pytest.raises(ConfigError, match=r"tracking\.uri: a password here") as raised:
        kuberay_command(_FILE, words, KubeRayOptions())
    assert "hunter2" not in str(raised.value)
    assert capsys.readouterr().out == ""


def test_the_active_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", "/home/me/venv")
    assert active_environment() == "/home/me/venv"
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert active_environment() is None


def test_nothing_is_written_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    slurm_command(_FILE, [], SlurmOptions())
    assert not list(tmp_path.iterdir())
