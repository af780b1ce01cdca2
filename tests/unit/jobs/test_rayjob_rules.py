"""Each rule of the operator, by a manifest that breaks it and by one next to it that does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mtl_search.errors import ConfigError
from mtl_search.jobs.rayjob_rules import check_rayjob

_POLICY = "template.spec.restartPolicy"
_HEAD = f"rayClusterSpec.headGroupSpec.{_POLICY}"
_OLD = [{"name": "ray", "env": [{"name": "RAY_enable_autoscaler_v2", "value": "1"}]}]


def _job(**changes: Any) -> dict[str, Any]:
    group = {"groupName": "workers", "minReplicas": 0, "maxReplicas": 2}
    job: dict[str, Any] = {
        "kind": "RayJob",
        "metadata": {"name": "faces"},
        "spec": {
            "entrypoint": "mtl-search run faces.yaml",
            "rayClusterSpec": {
                "headGroupSpec": {"template": {"spec": {}}},
                "workerGroupSpecs": [{**group, "template": {"spec": {}}}],
            },
        },
    }
    for path, value in changes.items():
        _put(job, path.split("."), copy.deepcopy(value))
    return job


def _put(tree: Any, keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        tree = tree[int(key)] if isinstance(tree, list) else tree.setdefault(key, {})
    tree[keys[-1]] = value


def _spec(**changes: Any) -> dict[str, Any]:
    return _job(**{f"spec.{path}": value for path, value in changes.items()})


def _cluster(**changes: Any) -> dict[str, Any]:
    return _spec(**{f"rayClusterSpec.{path}": value for path, value in changes.items()})


_SCALED = {"enableInTreeAutoscaling": True, "autoscalerOptions": {"version": "v2"}}
_TOKEN = {"authOptions": {"mode": "token", "secretName": "ray-token"}}
_SIDECAR = {"submissionMode": "SidecarMode", _HEAD: "Never"}

_BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "long name": (_job(**{"metadata.name": "a" * 48}), r"metadata\.name: at most 47"),
    "digit first": (_job(**{"metadata.name": "2faces"}), r"metadata\.name"),
    "capital": (_job(**{"metadata.name": "Faces"}), r"metadata\.name"),
    "dash last": (_job(**{"metadata.name": "faces-"}), r"metadata\.name"),
    "ttl alone": (_spec(ttlSecondsAfterFinished=60), "shutdownAfterJobFinishes: true"),
    "token, no version": (_cluster(**_TOKEN), r"rayClusterSpec\.rayVersion: 2\.52\.0"),
    "token, old": (_cluster(**_TOKEN, rayVersion="2.51.9"), r"rayVersion: 2\.52\.0"),
    "token, vague": (_cluster(**_TOKEN, rayVersion="2.60"), r"rayVersion: 2\.52\.0"),
    "kubernetes token": (
        _cluster(**{"authOptions.enableK8sTokenAuth": True}),
        "tokens of Kubernetes",
    ),
    "sidecar, template": (
        _spec(**_SIDECAR, submitterPodTemplate={"spec": {}}),
        "submitterPodTemplate: works not",
    ),
    "sidecar, config": (_spec(**_SIDECAR, submitterConfig={}), "submitterConfig: works not"),
    "sidecar, selector": (
        _spec(**_SIDECAR, clusterSelector={"a": "b"}),
        "clusterSelector: works not",
    ),
    "sidecar, head": (
        _spec(submissionMode="SidecarMode", **{_HEAD: "Always"}),
        "restartPolicy: Never is needed with submissionMode",
    ),
    "v2, head": (_cluster(**_SCALED, **{f"headGroupSpec.{_POLICY}": "Always"}), "version: v2"),
    "v2, workers": (
        _cluster(**_SCALED, **{f"workerGroupSpecs.0.{_POLICY}": "OnFailure"}),
        r"workerGroupSpecs\.0\.template\.spec\.restartPolicy: Never",
    ),
    "v2 twice": (
        _cluster(**_SCALED, **{"headGroupSpec.template.spec.containers": _OLD}),
        "works not with RAY_enable_autoscaler_v2",
    ),
    "no least": (_cluster(**{"workerGroupSpecs.0.minReplicas": None}), "minReplicas: a number"),
    "no most": (_cluster(**{"workerGroupSpecs.0.maxReplicas": None}), "maxReplicas: a number"),
    "retries, selector": (_spec(backoffLimit=1, clusterSelector={"a": "b"}), "clusterSelector"),
    "retries by hand": (
        _spec(backoffLimit=1, submissionMode="InteractiveMode"),
        "submissionMode: InteractiveMode",
    ),
    "two commands": (_spec(entrypoint="cd /data; mtl-search run a.yaml"), "one command"),
    "and": (_spec(entrypoint="cd /data && mtl-search run a.yaml"), "one command"),
}

_SOUND: dict[str, dict[str, Any]] = {
    "plain": _job(),
    "name of 47": _job(**{"metadata.name": "a" * 47}),
    "ttl": _spec(ttlSecondsAfterFinished=60, shutdownAfterJobFinishes=True),
    "token": _cluster(**_TOKEN, rayVersion="2.52.0"),
    "no token": _cluster(**{"authOptions.mode": "disabled"}),
    "sidecar": _spec(**_SIDECAR),
    "v2": _cluster(**_SCALED, **{f"headGroupSpec.{_POLICY}": "Never"}),
    "v1": _cluster(enableInTreeAutoscaling=True, **{f"headGroupSpec.{_POLICY}": "Always"}),
    "old v2": _cluster(
        enableInTreeAutoscaling=True, **{"headGroupSpec.template.spec.containers": _OLD}
    ),
    "scaled, no least": _cluster(**_SCALED, **{"workerGroupSpecs.0.minReplicas": None}),
    "retries": _spec(backoffLimit=2, submissionMode="K8sJobMode"),
    "selector": _spec(clusterSelector={"a": "b"}),
}


@pytest.mark.parametrize("name", _BROKEN)
def test_a_broken_rule_is_named(name: str) -> None:
    manifest, words = _BROKEN[name]
    with pytest.raises(ConfigError, match=words):
        check_rayjob(manifest)


@pytest.mark.parametrize("name", _SOUND)
def test_what_keeps_the_rules_passes(name: str) -> None:
    check_rayjob(_SOUND[name])
