"""The small files of a sweep, brought from a cluster as text: enough for its report.

A job on the head prints them, and its log is read over the connection that all else goes by.
"""

from __future__ import annotations

import base64
import io
import tarfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_search.errors import ClusterError, RequestError, SweepError
from mtl_search.jobs.client import sentences, with_patience
from mtl_search.jobs.submission import AGENT_PATIENCE_S, shell_folder
from mtl_search.storage import item_values, sweep_directory

if TYPE_CHECKING:
    from ray.job_submission import JobSubmissionClient

_BEGIN = "mtl-search-files:"
_PATIENCE_S = 120.0


def encode(folder: Path) -> str:
    """Return the files of a sweep that its report is made from, as one line.

    Args:
        folder: The sweep's folder.

    Raises:
        SweepError: There is no sweep in it.
    """
    if not sweep_directory.holds_sweep(folder):
        raise RequestError(f"{folder} holds no sweep (yet)")
    names = [folder / sweep_directory.CONFIG, folder / sweep_directory.JOURNAL]
    names += sorted(folder.glob(f"{sweep_directory.TRIALS}/*/{item_values.FILE}"))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        for path in names:
            archive.add(path, str(path.relative_to(folder)), recursive=False)
    return _BEGIN + base64.b64encode(buffer.getvalue()).decode("ascii")


def decode(text: str, folder: Path) -> None:
    """Write the files that `encode` made a line of.

    Args:
        text: A text with that line.
        folder: Where they go, made when it is not there.

    Raises:
        SweepError: There is no such line.
    """
    line = next((line for line in text.splitlines() if line.startswith(_BEGIN)), None)
    if line is None:
        raise SweepError("the files of the sweep did not arrive")
    folder.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO(base64.b64decode(line.removeprefix(_BEGIN)))
    with tarfile.open(fileobj=content, mode="r:xz") as archive:
        for member in archive.getmembers():
            target = (folder / member.name).resolve()
            file = archive.extractfile(member)
            if file is None or folder.resolve() not in target.parents:
                raise SweepError(f"the cluster sent a file with a forbidden name: {member.name!r}")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read())


def fetch(client: JobSubmissionClient, sweep: str, folder: Path) -> None:
    """Bring the files of a sweep from a cluster.

    Args:
        client: The connection to the cluster.
        sweep: The sweep's folder there.
        folder: Where they go here.

    Raises:
        SweepError: There is no sweep in that folder.
        ClusterError: The cluster does not answer.
    """
    job = f"result-{uuid.uuid4().hex[:12]}"
    command = f"exec mtl-search jobs send {shell_folder(sweep)}"
    with sentences(client.get_address(), job):
        with_patience(
            lambda: client.submit_job(entrypoint=command, submission_id=job), AGENT_PATIENCE_S
        )
        end = time.monotonic() + _PATIENCE_S
        while not client.get_job_status(job).is_terminal():
            if time.monotonic() > end:
                raise ClusterError(
                    f"the cluster did not send the files of the sweep in {_PATIENCE_S:g} s: it may "
                    "be busy; ask again later"
                )
            time.sleep(0.2)
        text = client.get_job_logs(job)
        client.delete_job(job)
    if _BEGIN not in text:
        lines = text.strip().splitlines()
        raise SweepError(f"no result: {lines[-1].removeprefix('error: ') if lines else sweep}")
    decode(text, folder)
