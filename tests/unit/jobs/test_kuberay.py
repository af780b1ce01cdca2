"""The manifests: their schemas, the resources of the config, and secrets that stay out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mtl_search.config import load_config
from mtl_search.errors import ClusterError, ConfigError
from mtl_search.jobs.kuberay import KubeRayOptions, job_name, kuberay_manifests
from mtl_search.jobs.rayjob_rules import check_rayjob
from tests.support.repository import CONFIGS

_FILE = CONFIGS / "quickstart.yaml"
_SCHEMA = "schemas/RayJob.v1.schema.json"


def _text(options: KubeRayOptions, *overrides: str, text: str | None = None) -> str:
    config = load_config(_FILE, overrides)
    text = _FILE.read_text() if text is None else text
    return kuberay_manifests(config, text, [str(_FILE), *overrides], options)


def _manifests(options: KubeRayOptions, *overrides: str) -> dict[str, dict[str, Any]]:
    read = yaml.safe_load_all(_text(options, *overrides))
    return {manifest["kind"]: manifest for manifest in read}


def _containers(job: dict[str, Any]) -> list[dict[str, Any]]:
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [group["template"]["spec"]["containers"][0] for group in groups]


_ALL = KubeRayOptions(
    name="night",
    namespace="lab",
    image="registry.example/mtl:1",
    ray_version="2.60.0",
    min_workers=1,
    max_workers=3,
    memory="32Gi",
    storage="1Ti",
    storage_class="nfs",
    mlflow_secret="mlflow/uri",
    token_secret="token",
    retries=0,
)


def test_the_job_keeps_its_schema_and_the_rules_of_the_operator(
    need_file: Callable[[str], Path],
) -> None:
    # Not `jsonschema.validate`, which checks the schema itself first: 15 seconds.
    validator = jsonschema.Draft202012Validator(json.loads(need_file(_SCHEMA).read_text()))
    for options in (KubeRayOptions(), _ALL, KubeRayOptions(claim="sweeps")):
        job = _manifests(options, "resources.gpus_per_worker=1")["RayJob"]
        assert [error.message for error in validator.iter_errors(job)] == []
        check_rayjob(job)
    job["spec"]["entryPoint"] = job["spec"].pop("entrypoint")
    (error,) = validator.iter_errors(job)  # the schema sees a mistake
    assert "entryPoint" in error.message


@pytest.mark.parametrize(("number", "good"), [("8Gi", True), ("8 Gi", False)])
def test_the_rest_keeps_the_schemas_of_kubernetes(number: str, good: bool, tmp_path: Path) -> None:
    kinds = _manifests(_ALL)
    del kinds["RayJob"]
    if not good:
        kinds["PersistentVolumeClaim"]["spec"]["accessmodes"] = [number]
    file = tmp_path / "manifests.yaml"
    file.write_text(yaml.safe_dump_all(kinds.values()))
    program = Path(sys.executable).with_name("kubernetes-validate")
    done = subprocess.run([program, "--strict", str(file)], capture_output=True, check=False)
    assert (done.returncode == 0) == good, done.stdout


def test_resources_come_from_the_config() -> None:
    changes = ("resources.gpus_per_worker=0.5", "resources.cpus_per_worker=3")
    options = KubeRayOptions(max_workers=2, memory="20Gi")
    job = _manifests(options, *changes, "resources.max_concurrent=8")["RayJob"]
    head, worker = _containers(job)
    wanted = {"cpu": "12", "memory": "20Gi", "nvidia.com/gpu": 2}
    assert worker["resources"] == {"requests": wanted, "limits": wanted}
    assert head["resources"]["limits"] == {"cpu": "2", "memory": "8Gi"}
    group = job["spec"]["rayClusterSpec"]["workerGroupSpecs"][0]
    assert [group[key] for key in ("replicas", "minReplicas", "maxReplicas")] == [0, 0, 2]
    assert "nvidia.com/gpu" not in str(_manifests(options)["RayJob"])
    assert (
        _containers(_manifests(KubeRayOptions(cpus_per_worker=7))["RayJob"])[1]["resources"][
            "limits"
        ]["cpu"]
        == "7"
    )


@pytest.mark.parametrize(
    ("options", "changes", "number"),
    [
        (KubeRayOptions(max_workers=8), (), 8),
        (KubeRayOptions(max_workers=8, cpus_per_worker=4), (), 32),
        (KubeRayOptions(max_workers=8), ("resources.workers=2",), 8),
        (KubeRayOptions(max_workers=8), ("resources.max_concurrent=3",), 3),
    ],
)
def test_all_nodes_are_asked_for(
    options: KubeRayOptions, changes: tuple[str, ...], number: int
) -> None:
    """Also by worker groups, of which auto would be one as long as there is no node."""
    script = _manifests(options, *changes)["ConfigMap"]["data"]["run.sh"]
    assert script.count("resources.max_concurrent=") == 1
    assert f"resources.max_concurrent={number}" in script


@pytest.mark.parametrize(
    ("memory", "mebibytes"),
    [("8Gi", 8192), ("20Gi", 20480), ("64G", 61035), ("512Mi", 512), ("1.5Ti", 1572864)],
)
def test_rays_object_store_fits_into_shared_memory(memory: str, mebibytes: int) -> None:
    """It takes 30 % of the memory, and at most 95 % of the shared memory."""
    cluster = _manifests(KubeRayOptions(memory=memory))["RayJob"]["spec"]["rayClusterSpec"]
    head, worker = cluster["headGroupSpec"], cluster["workerGroupSpecs"][0]
    for group, whole in ((head, 8192), (worker, mebibytes)):
        (volume,) = [v for v in group["template"]["spec"]["volumes"] if v["name"] == "shm"]
        shared = int(volume["emptyDir"]["sizeLimit"].removesuffix("Mi"))
        assert 0.30 * whole < 0.95 * shared
        assert shared <= 0.36 * whole


def test_the_config_is_kept_as_it_was_written() -> None:
    data = _manifests(KubeRayOptions())["ConfigMap"]["data"]
    assert data["sweep.yaml"] == _FILE.read_text()


@pytest.mark.parametrize("has_journal", [False, True])
def test_a_retry_goes_on(
    has_journal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command of the ConfigMap, with a `mtl-search` that prints its arguments."""
    override = "model.backbone={name: mlp, widths: [32]}"
    script = _manifests(KubeRayOptions(), override)["ConfigMap"]["data"]["run.sh"]
    sweep = tmp_path / "quickstart"
    sweep.mkdir()
    if has_journal:
        (sweep / "journal.jsonl").write_text("{}\n")
    (tmp_path / "run.sh").write_text(script.replace("/sweeps", str(tmp_path)))
    program = tmp_path / "mtl-search"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    done = subprocess.run(
        ["sh", str(tmp_path / "run.sh")], capture_output=True, text=True, check=True
    )
    expected = ["run", "/config/sweep.yaml", "--trust-code", "--address", "auto"]
    expected += ["--output", str(sweep), override, "resources.max_concurrent=2"]
    assert done.stdout.splitlines() == expected + (["--resume"] if has_journal else [])


def test_secrets_are_named_and_not_written() -> None:
    job = _manifests(_ALL)["RayJob"]
    source = {"secretKeyRef": {"name": "mlflow", "key": "uri"}}
    for container in _containers(job):
        assert {"name": "MLFLOW_TRACKING_URI", "valueFrom": source} in container["env"]
    assert job["spec"]["rayClusterSpec"]["authOptions"] == {"mode": "token", "secretName": "token"}
    plain = _manifests(KubeRayOptions(mlflow_uri="http://mlflow:5000"))["RayJob"]
    entry = {"name": "MLFLOW_TRACKING_URI", "value": "http://mlflow:5000"}
    assert entry in _containers(plain)[0]["env"]


def test_a_password_in_the_config_is_refused() -> None:
    secret = "tracking: {uri: 'http://me:sesame@mlflow'}"
    with pytest.raises(ConfigError, match="--mlflow-secret") as caught:
        _text(KubeRayOptions(), text=f"{_FILE.read_text()}\n{secret}")
    assert "sesame" not in str(caught.value)
    with pytest.raises(ConfigError, match="--mlflow-secret"):
        _text(KubeRayOptions(), "tracking.uri=http://me:sesame@mlflow")
    with pytest.raises(ConfigError, match="--mlflow-secret") as caught:
        KubeRayOptions(mlflow_uri="http://me:sesame@mlflow")
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://ghp_0123456789@host",
        "https://:sesame@host",
        "https://host/x?token=sesame",
        "http://me:pa$sesame@host",
    ],
)
def test_every_form_of_a_password_is_refused(address: str) -> None:
    for refused in (
        lambda: _text(KubeRayOptions(), text=f"tracking: {{uri: '{address}'}}"),
        lambda: _text(KubeRayOptions(), f"tracking.uri={address}"),
        lambda: KubeRayOptions(mlflow_uri=address),
    ):
        with pytest.raises(ConfigError, match="--mlflow-secret NAME/KEY") as raised:
            refused()
        assert "sesame" not in str(raised.value)


def test_a_variable_in_the_place_of_a_password_is_none() -> None:
    text = "tracking: {uri: 'http://me:${PASSWORD}@mlflow'}"
    assert "me:${PASSWORD}@mlflow" in _text(KubeRayOptions(), text=text)
    assert KubeRayOptions(mlflow_uri="postgresql://mlflow@db/x").mlflow_uri


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"max_workers": 0}, "--max-workers: a number from 1 on"),
        ({"min_workers": 3, "max_workers": 2}, "--max-workers: a number from 3 on"),
        ({"memory": "8 GB"}, "--memory: a size"),
        ({"storage": ""}, "--storage: a size"),
        ({"namespace": "My Lab"}, "--namespace: a name of Kubernetes"),
        ({"claim": "../x"}, "--claim: a name of Kubernetes"),
        ({"storage_class": "a b"}, "--storage-class: a name of Kubernetes"),
        ({"token_secret": "A"}, "--token-secret: a name of Kubernetes"),
        ({"mlflow_secret": "mlflow"}, "--mlflow-secret: NAME/KEY"),
        ({"retries": -1}, "--retries: a number from 0 on"),
    ],
)
def test_a_wrong_option_is_refused(option: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        KubeRayOptions(**option)


def test_a_name_that_is_too_long_is_refused_and_one_of_ours_fits() -> None:
    with pytest.raises(ConfigError, match=r"metadata\.name: at most 47"):
        _text(KubeRayOptions(name="a" * 48))
    assert job_name("A.b_" * 20) == ("a-b-" * 20)[:47]


def test_nodes_that_are_too_small_are_refused_with_the_arithmetic() -> None:
    with pytest.raises(ClusterError, match="no trial fits on this cluster"):
        _text(KubeRayOptions(cpus_per_worker=2), "resources.cpus_per_worker=4")
