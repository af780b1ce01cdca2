"""Rules of the KubeRay operator (1.7) for a RayJob that its schema does not show.

The API server accepts a manifest that breaks one of them, and the operator then refuses it in its
log and in an event, where nobody looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mtl_search.errors import ConfigError

LONGEST_NAME = 47
_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_TOKENS_SINCE = (2, 52, 0)
_AUTOSCALER_V2 = "RAY_enable_autoscaler_v2"

_Spec = Mapping[str, Any]
# Dotted path of the key, what is wrong with it, and its value.
_Problem = tuple[str, str, object]


def check_rayjob(manifest: Mapping[str, Any]) -> None:
    """Check a RayJob by the rules of the operator that its schema does not show.

    Args:
        manifest: The RayJob, as read from YAML.

    Raises:
        ConfigError: It breaks a rule.

    Examples:
        >>> job = {"kind": "RayJob", "metadata": {"name": "faces"}, "spec": {}}
        >>> job["spec"] = {"ttlSecondsAfterFinished": 600}
        >>> check_rayjob(job)
        Traceback (most recent call last):
            ...
        mtl_search.errors.ConfigError: spec.ttlSecondsAfterFinished: works only with ...
          value:    600
    """
    name = manifest.get("metadata", {}).get("name", "")
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise ConfigError(
            f"at most {LONGEST_NAME} characters are needed, small letters, digits and -, "
            "a letter first and no - at the end",
            path="metadata.name",
            value=name,
        )
    for rule in _RULES:
        for path, message, value in rule(manifest.get("spec", {})):
            raise ConfigError(message, path=f"spec.{path}", value=value)


def _check_end(spec: _Spec) -> Iterator[_Problem]:
    seconds = spec.get("ttlSecondsAfterFinished", 0)
    if seconds > 0 and not spec.get("shutdownAfterJobFinishes", False):
        yield "ttlSecondsAfterFinished", "works only with shutdownAfterJobFinishes: true", seconds


def _check_retries(spec: _Spec) -> Iterator[_Problem]:
    count = spec.get("backoffLimit", 0)
    if count and spec.get("clusterSelector"):
        yield "backoffLimit", "each retry makes a cluster, so none with clusterSelector", count
    if count and spec.get("submissionMode") == "InteractiveMode":
        yield "backoffLimit", "works not with submissionMode: InteractiveMode", count


def _check_entrypoint(spec: _Spec) -> Iterator[_Problem]:
    entrypoint = spec.get("entrypoint", "")
    if ";" in entrypoint or "&&" in entrypoint:
        yield (
            "entrypoint",
            "one command is needed: what follows ; and && runs elsewhere",
            entrypoint,
        )


def _check_sidecar(spec: _Spec) -> Iterator[_Problem]:
    if spec.get("submissionMode") != "SidecarMode":
        return
    for key in ("submitterPodTemplate", "submitterConfig", "clusterSelector"):
        if key in spec:
            yield key, "works not with submissionMode: SidecarMode", spec[key]
    policy = _pod(_cluster(spec).get("headGroupSpec", {})).get("restartPolicy")
    if policy != "Never":
        path = "rayClusterSpec.headGroupSpec.template.spec.restartPolicy"
        yield path, "Never is needed with submissionMode: SidecarMode", policy


def _check_token(spec: _Spec) -> Iterator[_Problem]:
    cluster = _cluster(spec)
    options = cluster.get("authOptions", {})
    if options.get("enableK8sTokenAuth"):
        path = "rayClusterSpec.authOptions.enableK8sTokenAuth"
        yield path, "a RayJob cannot log in with tokens of Kubernetes", True
    if options.get("mode") != "token":
        return
    version = cluster.get("rayVersion")
    numbers = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)\S*", str(version or ""))
    if numbers is None or tuple(map(int, numbers.groups())) < _TOKENS_SINCE:
        message = "2.52.0 or later, written out, is needed with authOptions.mode: token"
        yield "rayClusterSpec.rayVersion", message, version


def _check_autoscaler(spec: _Spec) -> Iterator[_Problem]:
    cluster = _cluster(spec)
    options = cluster.get("autoscalerOptions", {})
    version = options.get("version")
    for path, group in _groups(cluster):
        containers = _pod(group).get("containers", [])
        names = [entry.get("name") for one in containers for entry in one.get("env", [])]
        if version and _AUTOSCALER_V2 in names:
            message = f"works not with {_AUTOSCALER_V2} in the environment of {path}"
            yield "rayClusterSpec.autoscalerOptions.version", message, version
        policy = _pod(group).get("restartPolicy", "Never")
        if cluster.get("enableInTreeAutoscaling") and version == "v2" and policy != "Never":
            key = f"rayClusterSpec.{path}.template.spec.restartPolicy"
            yield key, "Never is needed with autoscalerOptions.version: v2", policy


def _check_sizes(spec: _Spec) -> Iterator[_Problem]:
    cluster = _cluster(spec)
    if cluster.get("enableInTreeAutoscaling"):
        return
    for number, group in enumerate(cluster.get("workerGroupSpecs", [])):
        for key in ("minReplicas", "maxReplicas"):
            if group.get(key) is None:
                path = f"rayClusterSpec.workerGroupSpecs.{number}.{key}"
                yield path, "a number is needed where nothing scales the cluster", None


def _cluster(spec: _Spec) -> _Spec:
    cluster: _Spec = spec.get("rayClusterSpec", {})
    return cluster


def _groups(cluster: _Spec) -> Iterator[tuple[str, _Spec]]:
    yield "headGroupSpec", cluster.get("headGroupSpec", {})
    for number, group in enumerate(cluster.get("workerGroupSpecs", [])):
        yield f"workerGroupSpecs.{number}", group


def _pod(group: _Spec) -> _Spec:
    pod: _Spec = group.get("template", {}).get("spec", {})
    return pod


_RULES: tuple[Callable[[_Spec], Iterator[_Problem]], ...] = (
    _check_end,
    _check_retries,
    _check_entrypoint,
    _check_sidecar,
    _check_token,
    _check_autoscaler,
    _check_sizes,
)
