"""The manifests of KubeRay that run a sweep on a Ray cluster of its own."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import yaml

from mtl_search.cluster import capacity
from mtl_search.config import Config
from mtl_search.config.secrets import masked_address
from mtl_search.errors import ConfigError
from mtl_search.jobs.kuberay_options import KubeRayOptions
from mtl_search.jobs.rayjob_rules import LONGEST_NAME, check_rayjob
from mtl_search.jobs.sizes import node_resources

__all__ = ["KubeRayOptions", "job_name", "kuberay_manifests"]

_USER = 1000  # of the image
_GPU = "nvidia.com/gpu"
_ALL = "0.0.0.0"  # noqa: S104  # the service and the submitter come from elsewhere
_SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
# Less memory than this has ended heads that drove sweeps of hours.
_HEAD: dict[str, Any] = {"cpu": "2", "memory": "8Gi"}
# Ray's object store takes 30 % of a node's memory, and 95 % of its shared memory at most.
_SHARED_PERCENT = 35
_UNITS = {"k": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
_UNITS |= {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}
# Stopping is an interrupt with time to save.
_JOB_ENVIRONMENT = {
    "RAY_JOB_STOP_SIGNAL": "SIGINT",
    "RAY_JOB_STOP_WAIT_TIME_S": "40",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


def kuberay_manifests(
    config: Config, config_text: str, arguments: Sequence[str], options: KubeRayOptions
) -> str:
    """Write the manifests that run a sweep as a RayJob of KubeRay.

    They are a ConfigMap with the config, a claim for the volume of the sweep unless there is one,
    and the RayJob: a head that runs no trial, and nodes that come and go with the trials.

    Args:
        config: The sweep's config.
        config_text: The config's file as it is, which the ConfigMap holds.
        arguments: The words after `mtl-search run`: the config's file, then changes to it.
        options: What the manifests ask Kubernetes for.

    Returns:
        The manifests, for `kubectl apply -f -`.

    Raises:
        ConfigError: The name is not one of Kubernetes, or a trial's resources are such as no
            cluster can have.
        ClusterError: No trial fits on the nodes; the message shows the arithmetic.

    Examples:
        >>> import mtl_search, pathlib, yaml
        >>> file = "configs/quickstart.yaml"
        >>> text = pathlib.Path(file).read_text()
        >>> options = KubeRayOptions(max_workers=4)
        >>> manifests = kuberay_manifests(mtl_search.load_config(file), text, [file], options)
        >>> [manifest["kind"] for manifest in yaml.safe_load_all(manifests)]
        ['ConfigMap', 'PersistentVolumeClaim', 'RayJob']
    """
    if any(masked_address(text) != text for text in (config_text, *arguments)):
        raise ConfigError(
            "the config holds an address with a password, which everybody could read in the "
            "manifests: leave it out, and name a secret by --mlflow-secret NAME/KEY"
        )
    name = options.name or job_name(config.name)
    capacity.check_capacity(config)
    cpus, gpus = node_resources(
        config.resources, options.max_workers, options.cpus_per_worker, options.gpus_per_worker
    )
    largest = [{"CPU": cpus, "GPU": gpus}] * options.max_workers
    fitting = capacity.slots(config.resources, largest)
    size = {"cpu": str(cpus), "memory": options.memory, **({_GPU: gpus} if gpus else {})}
    job = {
        "apiVersion": "ray.io/v1",
        "kind": "RayJob",
        "metadata": _metadata(name, options),
        "spec": _job(name, options, size),
    }
    check_rayjob(job)
    command = ["--output", f"/sweeps/{name}", *arguments[1:]]
    if config.resources.max_concurrent == "auto":
        # The sweep begins before there are nodes, so auto could not count them.
        command.append(f"resources.max_concurrent={fitting}")
    manifests = [_config_map(name, config_text, command, options)]
    if options.claim is None:
        manifests.append(_volume_claim(name, options))
    manifests.append(job)
    texts = [yaml.dump(one, Dumper=_Dumper, sort_keys=False, width=1000) for one in manifests]
    return f"# Written by mtl-search {version('mtl-search')}.\n" + "---\n".join(texts)


def job_name(name: str) -> str:
    """Make a name of Kubernetes from that of a config.

    Args:
        name: The config's name.

    Returns:
        A name that the operator takes.

    Examples:
        >>> job_name("Faces_v2.1")
        'faces-v2-1'
        >>> job_name("2026")
        'sweep-2026'
    """
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not plain[:1].isalpha():
        plain = f"sweep-{plain}".strip("-")
    return plain[:LONGEST_NAME].strip("-")


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and every part where it stands."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _metadata(name: str, options: KubeRayOptions) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "mtl-search", "app.kubernetes.io/instance": name}
    namespace = {} if options.namespace is None else {"namespace": options.namespace}
    return {"name": name, **namespace, "labels": labels}


def _config_map(
    name: str, config_text: str, command: list[str], options: KubeRayOptions
) -> dict[str, Any]:
    template = files("mtl_search.jobs").joinpath("templates/rayjob.sh").read_text(encoding="utf-8")
    script = f"#!/bin/sh\nset -- {shlex.join(command)}\n{template}"
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(name, options),
        "data": {"sweep.yaml": config_text, "run.sh": script},
    }


def _volume_claim(name: str, options: KubeRayOptions) -> dict[str, Any]:
    storage = {"storageClassName": options.storage_class} if options.storage_class else {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(name, options),
        "spec": {
            "accessModes": ["ReadWriteMany"],
            **storage,
            "resources": {"requests": {"storage": options.storage}},
        },
    }


def _job(name: str, options: KubeRayOptions, size: dict[str, Any]) -> dict[str, Any]:
    return {
        "entrypoint": "sh /config/run.sh",
        "runtimeEnvYAML": yaml.safe_dump({"env_vars": _JOB_ENVIRONMENT}, sort_keys=False),
        "backoffLimit": options.retries,
        "shutdownAfterJobFinishes": True,
        "ttlSecondsAfterFinished": 600,
        "preRunningDeadlineSeconds": 1800,
        "submitterConfig": {"backoffLimit": 3},  # a submitter that is evicted says nothing
        "rayClusterSpec": {
            "rayVersion": options.ray_version or version("ray"),
            "authOptions": {"mode": "token", "secretName": options.token_secret},
            "enableInTreeAutoscaling": True,
            "autoscalerOptions": {
                "version": "v2",
                "idleTimeoutSeconds": 300,
                "resources": {
                    "requests": {"cpu": "250m", "memory": "512Mi"},
                    "limits": {"cpu": "500m", "memory": "512Mi"},
                },
                "securityContext": _SECURITY,
            },
            "headGroupSpec": {
                # Drivers run here, and no trial.
                "rayStartParams": {"num-cpus": "0", "num-gpus": "0", "dashboard-host": _ALL},
                "template": {"spec": _pod("ray-head", name, options, _HEAD)},
            },
            "workerGroupSpecs": [
                {
                    "groupName": "workers",
                    "replicas": options.min_workers,
                    "minReplicas": options.min_workers,
                    "maxReplicas": options.max_workers,
                    "rayStartParams": {},
                    "template": {"spec": _pod("ray-worker", name, options, size)},
                }
            ],
        },
    }


def _pod(
    container: str, name: str, options: KubeRayOptions, size: dict[str, Any]
) -> dict[str, Any]:
    tolerations: dict[str, Any] = {}
    if _GPU in size:
        toleration = {"key": _GPU, "operator": "Exists", "effect": "NoSchedule"}
        tolerations = {"tolerations": [toleration]}
    shared = _shared_memory(size["memory"])
    volumes = {
        "sweeps": ("/sweeps", {"persistentVolumeClaim": {"claimName": options.claim or name}}),
        "shm": ("/dev/shm", {"emptyDir": {"medium": "Memory", "sizeLimit": shared}}),  # noqa: S108
        "config": ("/config", {"configMap": {"name": name}}),
    }
    return {
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **tolerations,
        "containers": [
            {
                "name": container,
                "image": options.image,
                "env": _environment(options),
                "resources": {"requests": size, "limits": size},
                "securityContext": _SECURITY,
                "volumeMounts": [
                    {"name": volume, "mountPath": path} for volume, (path, _) in volumes.items()
                ],
            }
        ],
        "volumes": [{"name": volume, **source} for volume, (_, source) in volumes.items()],
    }


def _shared_memory(memory: str) -> str:
    """Return how much shared memory a pod with so much memory has."""
    number = memory.rstrip("kKMGTi")
    size = float(number) * _UNITS.get(memory[len(number) :], 1) * _SHARED_PERCENT / 100
    return f"{math.ceil(size / 1024**2)}Mi"


def _environment(options: KubeRayOptions) -> list[dict[str, Any]]:
    variables: list[dict[str, Any]] = [{"name": "MTL_SEARCH_RUNS", "value": "/sweeps"}]
    if options.mlflow_secret:
        secret, key = options.mlflow_secret.split("/")
        source = {"secretKeyRef": {"name": secret, "key": key}}
        variables.append({"name": "MLFLOW_TRACKING_URI", "valueFrom": source})
    elif options.mlflow_uri:
        variables.append({"name": "MLFLOW_TRACKING_URI", "value": options.mlflow_uri})
    return variables
