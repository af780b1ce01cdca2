"""Rules of the KubeRay operator (1.7) for a RayCluster that its schema does not show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Tree = Mapping[str, Any]


def cluster_problems(name: str, spec: Tree) -> list[str]:
    """What the operator would refuse, or what would not work; `spec` is that of a RayCluster."""
    problems = [] if re.fullmatch(r"[a-z]([a-z0-9-]{0,45}[a-z0-9])?", name) else [f"name: {name}"]
    return [*problems, *_token(spec), *_scaling(spec), *_head(spec)]


def _token(spec: Tree) -> Iterator[str]:
    if spec.get("authOptions", {}).get("mode") == "token":
        numbers = re.findall(r"\d+", str(spec.get("rayVersion", "")))[:3]
        if len(numbers) < 3 or tuple(map(int, numbers)) < (2, 52, 0):
            yield f"rayVersion: {spec.get('rayVersion')}, and a token needs 2.52.0"


def _scaling(spec: Tree) -> Iterator[str]:
    grows = spec.get("enableInTreeAutoscaling", False)
    version = spec.get("autoscalerOptions", {}).get("version")
    groups = spec.get("workerGroupSpecs", [])
    for group in groups:
        if not grows and None in (group.get("minReplicas"), group.get("maxReplicas")):
            yield f"{group['groupName']}: no minReplicas or maxReplicas"
    for group in [spec["headGroupSpec"], *groups]:
        pod = group["template"]["spec"]
        if grows and version == "v2" and pod.get("restartPolicy", "Never") != "Never":
            yield f"restartPolicy: {pod['restartPolicy']} under the autoscaler v2"
        variables = [one["name"] for box in pod["containers"] for one in box.get("env", [])]
        if version and "RAY_enable_autoscaler_v2" in variables:
            yield "RAY_enable_autoscaler_v2 and autoscalerOptions.version"


def _head(spec: Tree) -> Iterator[str]:
    head = spec["headGroupSpec"]
    if str(head.get("rayStartParams", {}).get("num-cpus")) != "0":
        yield "headGroupSpec: its CPUs are Ray's, so trials run there"
    for box in head["template"]["spec"]["containers"]:
        resources = box.get("resources", {})
        limit = resources.get("limits", {}).get("memory")
        if limit is None or limit != resources.get("requests", {}).get("memory"):
            yield "headGroupSpec: memory is not requested as it is limited"
