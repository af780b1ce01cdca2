"""The files of docker/kubernetes keep their schemas and the rules of KubeRay's operator."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import mtl_search
from mtl_search.jobs import rayjob_rules
from tests.support.kubernetes_rules import cluster_problems
from tests.support.programs import tool
from tests.support.repository import REPOSITORY

_FOLDER = REPOSITORY / "docker" / "kubernetes"
_RAY = {"RayCluster": _FOLDER / "raycluster.yaml", "RayJob": _FOLDER / "rayjob.yaml"}
_KUSTOMIZATION = yaml.safe_load((_FOLDER / "kustomization.yaml").read_text())
_OWN = [
    _FOLDER / name for name in _KUSTOMIZATION["resources"] if _FOLDER / name not in _RAY.values()
]
_VERSION = "1.37"


def _validator(kind: str, need_file: Callable[[str], Path]) -> jsonschema.Draft202012Validator:
    # Not `jsonschema.validate`, which checks the schema itself first: 15 seconds.
    schema = need_file(f"schemas/{kind}.v1.schema.json").read_text()
    return jsonschema.Draft202012Validator(json.loads(schema))


def _ray(kind: str) -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(_RAY[kind].read_text())
    return tree


def _cluster(kind: str) -> dict[str, Any]:
    spec: dict[str, Any] = _ray(kind)["spec"]
    return spec["rayClusterSpec"] if kind == "RayJob" else spec


def _pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every template of a pod, with the name of its file."""
    for file in _OWN:
        for tree in yaml.safe_load_all(file.read_text()):
            if "template" in tree.get("spec", {}):
                yield file.name, tree["spec"]["template"]["spec"]
    for kind, file in _RAY.items():
        spec = _cluster(kind)
        for group in [spec["headGroupSpec"], *spec["workerGroupSpecs"]]:
            yield file.name, group["template"]["spec"]


def test_one_command_applies_every_file() -> None:
    listed = {*_KUSTOMIZATION["resources"], "kustomization.yaml", "rayjob.yaml"}
    assert listed == {file.name for file in _FOLDER.iterdir()}


def test_kubernetes_own_resources_keep_their_schemas() -> None:
    status, output = tool("kubernetes-validate", "--strict", "-k", _VERSION, *_OWN)
    assert status == 0, output


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("mlflow.yaml", "runAsNonRoot"),
        ("network.yaml", "podSelector"),
        ("disruption.yaml", "maxUnavailable"),
    ],
)
def test_their_schemas_see_a_mistake(file: str, key: str, tmp_path: Path) -> None:
    changed = tmp_path / file
    changed.write_text((_FOLDER / file).read_text().replace(f"{key}:", f"{key}s:", 1))
    status, output = tool("kubernetes-validate", "--strict", "-k", _VERSION, changed)
    assert status != 0
    assert f"{key}s" in output


@pytest.mark.parametrize("kind", _RAY)
def test_rays_resources_keep_their_schemas(kind: str, need_file: Callable[[str], Path]) -> None:
    validator, tree = _validator(kind, need_file), _ray(kind)
    assert [error.message for error in validator.iter_errors(tree)] == []
    group = _cluster(kind)["workerGroupSpecs"][0]
    wrong = copy.deepcopy(tree)
    spec = wrong["spec"].get("rayClusterSpec", wrong["spec"])
    spec["workerGroupSpecs"][0] = {"groupname": "cpu", "template": group["template"]}
    assert "groupname" in " ".join(error.message for error in validator.iter_errors(wrong))


@pytest.mark.parametrize("kind", _RAY)
def test_the_operator_would_take_the_cluster(kind: str) -> None:
    assert cluster_problems(_ray(kind)["metadata"]["name"], _cluster(kind)) == []


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("rayVersion", "2.51.0", "a token needs 2.52.0"),
        ("headGroupSpec.template.spec.restartPolicy", "Always", "autoscaler v2"),
        ("workerGroupSpecs.1.template.spec.restartPolicy", "OnFailure", "autoscaler v2"),
        ("headGroupSpec.rayStartParams.num-cpus", "2", "trials run there"),
        ("enableInTreeAutoscaling", False, ""),
    ],
)
def test_what_the_operator_would_refuse(path: str, value: object, problem: str) -> None:
    spec = _cluster("RayCluster")
    *parents, last = path.split(".")
    place: Any = spec
    for key in parents:
        place = place[int(key) if key.isdigit() else key]
    place[last] = value
    del spec["workerGroupSpecs"][0]["maxReplicas"]  # which the autoscaler alone can do without
    problems = " ".join(cluster_problems("mtl-search", spec))
    assert (problem or "no minReplicas or maxReplicas") in problems
    assert cluster_problems("m" * 48, _cluster("RayCluster")) == [f"name: {'m' * 48}"]


def test_the_operator_would_take_the_job() -> None:
    job = _ray("RayJob")
    rayjob_rules.check_rayjob(job)
    del job["spec"]["shutdownAfterJobFinishes"]
    with pytest.raises(mtl_search.errors.ConfigError, match="shutdownAfterJobFinishes"):
        rayjob_rules.check_rayjob(job)


@pytest.mark.parametrize("kind", _RAY)
def test_workers_come_when_they_are_needed_with_gpus_or_without(kind: str) -> None:
    groups = {group["groupName"]: group for group in _cluster(kind)["workerGroupSpecs"]}
    assert {group["minReplicas"] for group in groups.values()} == {0}
    limits = {
        name: group["template"]["spec"]["containers"][0]["resources"]["limits"]
        for name, group in groups.items()
    }
    assert limits["gpu"]["nvidia.com/gpu"] == 1
    assert "nvidia.com/gpu" not in limits["cpu"]


def test_the_job_has_the_cluster_of_the_other_file() -> None:
    job, cluster = _cluster("RayJob"), _cluster("RayCluster")
    for spec in (job, cluster):
        for group in [spec["headGroupSpec"], *spec["workerGroupSpecs"]]:
            pod = group["template"]["spec"]
            pod["containers"][0]["image"] = ""
            pod["containers"][0]["volumeMounts"] = pod["containers"][0]["volumeMounts"][:2]
            pod["volumes"] = pod["volumes"][:2]
    assert job == cluster


def test_every_pod_is_limited_and_no_pod_is_root() -> None:
    pods = list(_pods())
    assert len(pods) == 8
    for file, pod in pods:
        user = pod["securityContext"]
        assert user["runAsNonRoot"], file
        assert user["runAsUser"] > 0, file
        for container in pod["containers"]:
            assert set(container["resources"]) == {"requests", "limits"}, file
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, file
            assert not container["securityContext"]["allowPrivilegeEscalation"], file


def test_policies_let_in_who_is_named_alone() -> None:
    text = (_FOLDER / "network.yaml").read_text()
    policies = {tree["metadata"]["name"]: tree["spec"] for tree in yaml.safe_load_all(text)}
    assert policies.pop("nobody") == {"podSelector": {}, "policyTypes": ["Ingress"]}
    del policies["ray-metrics"]  # for another namespace, as below
    ports = {}
    for name, policy in policies.items():
        assert policy["podSelector"]["matchLabels"], name
        assert "Ingress" in policy["policyTypes"], name
        for rule in policy["ingress"]:
            assert rule["from"], name
            for peer in rule["from"]:
                assert "podSelector" in peer, f"{name} lets in whole namespaces, or addresses"
                # From other namespaces the operator comes, and nobody else.
                labels = peer["podSelector"].get("matchLabels", {})
                is_near = "namespaceSelector" not in peer
                assert is_near or set(labels.values()) == {"kuberay-operator"}, name
                assert labels or name == "ray-jobs", name
        ports[name] = [
            [port["port"] for port in rule.get("ports", [])] for rule in policy["ingress"]
        ]
    assert ports == {
        "ray-nodes": [[]],
        "ray-jobs": [[8265]],
        "mlflow": [[5000]],
        "postgres": [[5432]],
    }


def test_prometheus_gets_in_by_the_metrics_port_from_a_labelled_namespace() -> None:
    policies = {
        tree["metadata"]["name"]: tree["spec"]
        for tree in yaml.safe_load_all((_FOLDER / "network.yaml").read_text())
    }
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    policy = policies["ray-metrics"]
    assert policy["podSelector"] == policies["ray-nodes"]["podSelector"]
    (rule,) = policy["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8080}]  # the operator's own choice
    ((label, value),) = rule["from"][0]["namespaceSelector"]["matchLabels"].items()
    readme = (REPOSITORY / "docker" / "README.md").read_text()
    assert f"kubectl label namespace monitoring {label}={value}" in readme


def test_secrets_are_named_and_never_written() -> None:
    text = "".join(file.read_text() for file in _FOLDER.iterdir())
    assert "kind: Secret" not in text
    for _, pod in _pods():
        for container in pod["containers"]:
            for variable in container.get("env", []):
                is_secret = "PASSWORD" in variable["name"] or "TOKEN" in variable["name"]
                assert ("secretKeyRef" in variable.get("valueFrom", {})) == is_secret


def test_versions_are_those_of_the_project() -> None:
    assert _KUSTOMIZATION["images"][0]["newTag"] == mtl_search.__version__
    pins = (REPOSITORY / "constraints.txt").read_text().splitlines()
    for kind in _RAY:
        assert f"ray=={_cluster(kind)['rayVersion']}" in pins
    image = _cluster("RayJob")["headGroupSpec"]["template"]["spec"]["containers"][0]["image"]
    assert image == f"mtl-search:{mtl_search.__version__}"
