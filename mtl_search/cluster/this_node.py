"""The Ray cluster that `ray start` has started on this node, as `ray.init()` finds it.

Only `ray start` writes down where its cluster is. A Ray that another program has started for
itself (a sweep, a notebook) is not written down: two sweeps on one machine do not meet by accident.
"""

from __future__ import annotations

import logging
import os
import pwd
from pathlib import Path

import ray
from ray._common.utils import get_ray_address_file

from mtl_search.cluster import head

logger = logging.getLogger(__name__)

OWN = "--address local starts a Ray of its own"


def find_cluster() -> str | None:
    """Return the address of the Ray cluster of this node, and say that it is used, or why not.

    Returns:
        `HOST:PORT`; None where there is no such cluster, or it cannot be used.
    """
    file = Path(get_ray_address_file(None))
    try:
        address = file.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    reason = _reason_against(address, file)
    if reason is not None:
        logger.warning(
            "the Ray cluster at %s, which `ray start` has started on this node, is not used: %s",
            address,
            reason,
        )
        return None
    logger.warning("joined the Ray cluster at %s of this node; %s", address, OWN)
    return address


def is_used() -> bool:
    """Return whether this process is connected to the cluster of this node, outside of a job."""
    if os.environ.get("RAY_ADDRESS"):
        return False
    try:
        address = Path(get_ray_address_file(None)).read_text(encoding="utf-8").strip()
    except OSError:
        return False
    here: str = ray.get_runtime_context().gcs_address
    return address == here


def _reason_against(address: str, file: Path) -> str | None:
    """Say why the cluster is not used, or None."""
    owner = file.stat().st_uid
    if owner != os.geteuid():  # who joins a cluster lets it run what it likes
        return f"it belongs to another user ({_name(owner)}); --address auto uses it"
    if os.environ.get("RAY_USE_TLS", "0") not in ("", "0"):
        return None  # only Ray has the key
    try:
        version = head.version(address)
    except head.NoAnswerError:
        return f"it does not answer; if it is gone, delete {file}"
    except head.NoTokenError:
        return "it wants a token, which goes into RAY_AUTH_TOKEN or ~/.ray/auth_token"
    if version != ray.__version__:
        return f"it runs Ray {version}, and this program Ray {ray.__version__}"
    return None


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
