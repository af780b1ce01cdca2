"""What a node says of itself.

Ray sends the functions of this module by value, so that a node answers where another version of
mtl_search is installed, or none. Therefore nothing but the standard library is imported at its top.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

PACKAGES = ("mtl-search", "ray", "torch")
RAY_FILES = "Ray's files"
_GPU_TIMEOUT_S = 60.0
# Secrets of a container, whose modes suit all its users.
_SECRETS = Path("/run/secrets")

# Runs in a process of its own: a driver that hangs must not hang the doctor, and Ray hides the GPUs
# from a process that asked for none.
_GPU_PROGRAM = """
import json, torch, torch.distributed as dist
facts = {"cuda": torch.version.cuda or "", "names": [], "nccl": "", "problem": ""}
try:
    if torch.cuda.is_available():
        facts["names"] = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
        for index in range(torch.cuda.device_count()):
            values = torch.ones(64, 64, device=f"cuda:{index}")
            assert float((values @ values).sum()) == 64.0 ** 3
        if dist.is_nccl_available():
            dist.init_process_group("nccl", store=dist.HashStore(), rank=0, world_size=1)
            dist.all_reduce(torch.ones(1, device="cuda:0"))
            torch.cuda.synchronize()
            facts["nccl"] = ".".join(map(str, torch.cuda.nccl.version()))
except Exception as error:
    facts["problem"] = f"{type(error).__name__}: {error}".splitlines()[0]
print(json.dumps(facts))
"""


class Request(TypedDict):
    """What a node is asked.

    Attributes:
        folder_mark: A file that this process wrote into the sweeps' folder; empty: do not look.
        storage: URI of the storage, and the name of a mark there; empty: do not look.
        storage_mark: Name of the mark.
        paths: What a folder is for → the folder, whose disk is measured.
    """

    folder_mark: str
    storage: str
    storage_mark: str
    paths: dict[str, str]


class Disk(TypedDict):
    """Free space below a folder, in bytes."""

    use: str
    path: str
    free: int
    total: int


class Gpu(TypedDict):
    """What torch says of the GPUs of a node.

    Attributes:
        devices: Number of NVIDIA devices that the system has.
        cuda: CUDA version that torch was built for; empty for a build without.
        names: The GPUs that torch has computed on.
        nccl: Version of NCCL, after a sum over one rank; empty where there is none.
        problem: The first error.
    """

    devices: int
    cuda: str
    names: list[str]
    nccl: str
    problem: str


class Token(TypedDict):
    """State of the token of Ray's authentication, never its value.

    Attributes:
        mode: RAY_AUTH_MODE, or empty.
        source: `RAY_AUTH_TOKEN`, or the path of the file; empty where there is none.
        permissions: The file's permission bits, or None.
        is_shared: Whether other users reach the file and can read it.
    """

    mode: str
    source: str
    permissions: int | None
    is_shared: bool


class NodeFacts(TypedDict):
    """All that a node says of itself.

    Attributes:
        host: Its host name.
        python: Version of Python.
        executable: The interpreter.
        versions: Package → version; empty where it is not installed.
        code: Digest of the source of mtl_search.
        shared_memory: Total and free bytes of /dev/shm; None where there is none.
        disks: Free space.
        gpu: Its GPUs.
        token: State of the token.
        folder: What is wrong with the sweeps' folder; empty: nothing.
        storage: What is wrong with the storage; empty: nothing.
    """

    host: str
    python: str
    executable: str
    versions: dict[str, str]
    code: str
    shared_memory: tuple[int, int] | None
    disks: list[Disk]
    gpu: Gpu
    token: Token
    folder: str
    storage: str


class Probe:
    """An actor on a node."""

    def measure(self, request: Request) -> NodeFacts:
        """Return what the node says of itself."""
        return measure(request)

    def now(self) -> float:
        """Return the node's clock, Unix time in seconds."""
        return time.time()


def measure(request: Request) -> NodeFacts:
    """Return what this machine says of itself.

    Args:
        request: What to look at.
    """
    return {
        "host": socket.gethostname(),
        "python": platform.python_version(),
        "executable": sys.executable,
        "versions": {name: _version(name) for name in PACKAGES},
        "code": _code(),
        "shared_memory": _shared_memory(),
        "disks": _disks(request["paths"]),
        "gpu": _gpu(),
        "token": token_state(os.environ),
        "folder": _folder_problem(request["folder_mark"]),
        "storage": _storage_problem(request["storage"], request["storage_mark"]),
    }


def _version(package: str) -> str:
    if package == "mtl-search":  # it may be on the path without being installed
        found = importlib.util.find_spec("mtl_search")
        if found is None:
            return ""
        return str(importlib.import_module("mtl_search").__version__)
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _code() -> str:
    found = importlib.util.find_spec("mtl_search")
    if found is None or found.origin is None:
        return ""
    digest = hashlib.sha256()
    folder = Path(found.origin).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]


def _shared_memory() -> tuple[int, int] | None:
    try:
        usage = shutil.disk_usage("/dev/shm")  # noqa: S108  # it is the thing that is measured
    except OSError:
        return None
    return usage.total, usage.free


def _disks(paths: Mapping[str, str]) -> list[Disk]:
    disks: list[Disk] = []
    for use, path in {RAY_FILES: _session_folder(), **paths}.items():
        folder = existing(Path(path))
        usage = shutil.disk_usage(folder)
        disks.append(
            {"use": use, "path": str(folder), "free": usage.free, "total": usage.free + usage.used}
        )
    return disks


def _session_folder() -> str:
    """Return where Ray keeps the files of this node's session, or would."""
    worker = sys.modules.get("ray._private.worker")
    node = getattr(worker, "_global_node", None)
    if node is not None:
        return str(node.get_session_dir_path())
    return os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()


def existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    while not folder.is_dir():
        folder = folder.parent
    return folder


def _gpu() -> Gpu:
    devices = len(list(Path("/dev").glob("nvidia[0-9]*")))
    facts: Gpu = {"devices": devices, "cuda": "", "names": [], "nccl": "", "problem": ""}
    if not devices:
        return facts  # torch is not loaded, which takes seconds
    environment = dict(os.environ)
    if environment.get("CUDA_VISIBLE_DEVICES") == "":
        del environment["CUDA_VISIBLE_DEVICES"]  # Ray has hidden them from this process
    try:
        done = subprocess.run(
            [sys.executable, "-c", _GPU_PROGRAM], capture_output=True, text=True,
            timeout=_GPU_TIMEOUT_S, env=environment, check=True,
        )  # fmt: skip
        answer: Any = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        facts["problem"] = f"torch did not answer ({type(error).__name__})"
        return facts
    facts.update(answer)
    return facts


def token_state(environment: Mapping[str, str]) -> Token:
    """Return where the token is that a process with this environment shows to a cluster."""
    mode = environment.get("RAY_AUTH_MODE", "").lower()
    nowhere: Token = {"mode": mode, "source": "", "permissions": None, "is_shared": False}
    if environment.get("RAY_AUTH_TOKEN"):
        return {**nowhere, "source": "RAY_AUTH_TOKEN"}
    named = environment.get("RAY_AUTH_TOKEN_PATH")
    path = Path(named) if named else Path.home() / ".ray" / "auth_token"
    if not path.is_file():
        return nowhere
    permissions = path.stat().st_mode & 0o777
    is_shared = bool(permissions & 0o077) and not _is_closed(path)
    return {**nowhere, "source": str(path), "permissions": permissions, "is_shared": is_shared}


def _is_closed(path: Path) -> bool:
    """Return whether a file lies where other users do not get to, whatever its own mode is."""
    if _SECRETS in path.resolve().parents:  # /var/run is a link to /run
        return True
    return not path.parent.stat().st_mode & 0o077


def _folder_problem(mark: str) -> str:
    """Say why trials on this node could not use the folder in which the mark is."""
    if not mark:
        return ""
    if not Path(mark).exists():
        return "another folder, or none"
    own = Path(f"{mark}-{uuid.uuid4().hex[:8]}")
    try:
        own.write_text("writable", encoding="utf-8")
        own.unlink()
    except OSError as error:
        return f"not writable ({error.strerror})"
    return ""


def _storage_problem(uri: str, mark: str) -> str:
    if not uri:
        return ""
    try:
        from mtl_search.storage.remote import storage_problem
    except ImportError as error:
        return f"not tried, since mtl_search cannot be imported there ({error})"
    return storage_problem(uri, mark)
