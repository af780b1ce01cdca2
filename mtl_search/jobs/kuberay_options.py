"""What the manifests of a sweep ask Kubernetes for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version

from mtl_search.config.secrets import masked_address
from mtl_search.errors import ConfigError

_SIZE = re.compile(r"\d+(\.\d+)?(Ki|Mi|Gi|Ti|k|M|G|T)?")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_SECRET = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?/[\w.-]+")


@dataclass(frozen=True)
class KubeRayOptions:
    """What the manifests of a sweep ask Kubernetes for.

    Attributes:
        name: Name of the RayJob; None makes one of the config's name.
        namespace: Namespace of all that is created; None leaves it to kubectl.
        image: Image with mtl-search, and with the user's own code where the config names some.
        ray_version: Version of Ray in the image; None means the one that is installed here.
        min_workers: Nodes beside the head that are always there.
        max_workers: Nodes beside the head that there may be.
        cpus_per_worker: CPUs of each such node; None takes what the trials of the config need.
        gpus_per_worker: GPUs of each such node; None takes what the trials of the config need.
        memory: Memory of each such node.
        claim: Volume claim for sweeps that exists already; None creates one.
        storage: Size of the volume that is created.
        storage_class: Storage class of the volume that is created, which has to offer
            ReadWriteMany; None means the default one.
        mlflow_uri: Address of the MLflow server, without a password.
        mlflow_secret: Secret and key, `NAME/KEY`, that hold the address instead.
        token_secret: Secret that holds Ray's token under the key `auth_token`.
        retries: How often a job that fails starts again and goes on with its sweep.

    Raises:
        ConfigError: An option is not one that Kubernetes takes.

    Examples:
        >>> KubeRayOptions(max_workers=8, memory="32Gi").token_secret
        'ray-token'
        >>> KubeRayOptions(memory="plenty")
        Traceback (most recent call last):
            ...
        mtl_search.errors.ConfigError: --memory: a size such as 16Gi is needed
          value:    'plenty'
    """

    name: str | None = None
    namespace: str | None = None
    image: str = f"mtl-search:{version('mtl-search')}"
    ray_version: str | None = None
    min_workers: int = 0
    max_workers: int = 2
    cpus_per_worker: int | None = None
    gpus_per_worker: int | None = None
    memory: str = "8Gi"
    claim: str | None = None
    storage: str = "50Gi"
    storage_class: str | None = None
    mlflow_uri: str | None = None
    mlflow_secret: str | None = None
    token_secret: str = "ray-token"  # noqa: S105  # the name of a secret
    retries: int = 2

    def __post_init__(self) -> None:
        for option, number, least in (
            ("--min-workers", self.min_workers, 0),
            ("--max-workers", self.max_workers, max(1, self.min_workers)),
            ("--cpus-per-node", self.cpus_per_worker, 1),
            ("--gpus-per-node", self.gpus_per_worker, 0),
            ("--retries", self.retries, 0),
        ):
            if number is not None and number < least:
                raise ConfigError(f"a number from {least} on is needed", path=option, value=number)
        for option, pattern, what, text in (
            ("--memory", _SIZE, "a size such as 16Gi", self.memory),
            ("--storage", _SIZE, "a size such as 16Gi", self.storage),
            ("--namespace", _LABEL, "a name of Kubernetes", self.namespace),
            ("--claim", _LABEL, "a name of Kubernetes", self.claim),
            ("--storage-class", _LABEL, "a name of Kubernetes", self.storage_class),
            ("--token-secret", _LABEL, "a name of Kubernetes", self.token_secret),
            ("--mlflow-secret", _SECRET, "NAME/KEY of a secret", self.mlflow_secret),
        ):
            if text is not None and not pattern.fullmatch(text):
                raise ConfigError(f"{what} is needed", path=option, value=text)
        if self.mlflow_uri and masked_address(self.mlflow_uri) != self.mlflow_uri:
            raise ConfigError(
                "an address with a password belongs into a secret: --mlflow-secret NAME/KEY",
                path="--mlflow-uri",
            )
