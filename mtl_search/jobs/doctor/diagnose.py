"""Examine this machine, or a cluster, and judge what was seen."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mtl_search.cluster import connection
from mtl_search.config import Config
from mtl_search.errors import ClusterError
from mtl_search.jobs.doctor import facts, survey
from mtl_search.jobs.doctor.clock import check_clocks
from mtl_search.jobs.doctor.connection import check_connection
from mtl_search.jobs.doctor.disk import STORAGE, SWEEPS, check_disks
from mtl_search.jobs.doctor.examination import Examination
from mtl_search.jobs.doctor.finding import Finding
from mtl_search.jobs.doctor.gpus import check_gpus
from mtl_search.jobs.doctor.resources import check_resources
from mtl_search.jobs.doctor.shared_memory import check_shared_memory
from mtl_search.jobs.doctor.storage import check_storage
from mtl_search.jobs.doctor.store import check_store
from mtl_search.jobs.doctor.survey import Progress
from mtl_search.jobs.doctor.token import check_token
from mtl_search.jobs.doctor.versions import check_versions
from mtl_search.storage.remote import RemoteStorage

CHECKS: tuple[Callable[[Examination], Iterator[Finding]], ...] = (
    check_connection,
    check_versions,
    check_resources,
    check_storage,
    check_store,
    check_token,
    check_gpus,
    check_shared_memory,
    check_clocks,
    check_disks,
)


@dataclass(frozen=True)
class Question:
    """What the doctor is asked.

    Attributes:
        config: The config of the sweep that is to run, if one is named.
        arguments: The config's file and overrides, as the user wrote them.
        output: The folder of sweeps.
        address: A Ray cluster; None: this machine alone.
        timeout: Seconds that a node has for its answer.
    """

    config: Config | None = None
    arguments: Sequence[str] = ()
    output: Path = Path("runs")
    address: str | None = None
    timeout: float = 60.0


def diagnose(question: Question, progress: Progress = lambda line: None) -> list[Finding]:
    """Examine a machine or a cluster, and return what each check says.

    Args:
        question: What to examine.
        progress: Called with a line when something takes its time.

    Examples:
        >>> findings = diagnose(Question())  # doctest: +SKIP
        >>> [finding.check for finding in findings if finding.status == "fail"]  # doctest: +SKIP
        []
    """
    seen = examine(question, progress)
    progress("reading from MLflow, and judging")
    return [finding for check in CHECKS for finding in check(seen)]


def examine(question: Question, progress: Progress = lambda line: None) -> Examination:
    """Find out all that the checks look at; arguments as of `diagnose`."""
    with _marked(question) as (request, problem):
        progress("looking at this machine")
        here = facts.measure(request)
        here["folder"] = here["folder"] or problem.folder
        here["storage"] = here["storage"] or problem.storage
        seen = Examination(
            here=here,
            output=question.output.absolute(),
            config=question.config,
            arguments=question.arguments,
        )
        if question.address is None:
            return replace(seen, resources=[_own_resources()])
        return _examine_cluster(seen, question, request, progress)


def _examine_cluster(
    seen: Examination, question: Question, request: facts.Request, progress: Progress
) -> Examination:
    address = question.address or "auto"
    progress(f"joining the Ray cluster at {address}")
    began = time.monotonic()
    try:
        with survey.joined(address) as resolved:
            seconds = time.monotonic() - began
            progress("asking every node")
            resources, later = connection.nodes()
            return replace(
                seen,
                address=resolved,
                connected_s=seconds,
                nodes=survey.ask_nodes(request, question.timeout, progress),
                gone=survey.lost_nodes(),
                resources=resources,
                later=later,
            )
    except ClusterError as error:
        return replace(seen, address=address, trouble=survey.explain(error, address))


@dataclass
class _Problems:
    folder: str = ""
    storage: str = ""


@contextmanager
def _marked(question: Question) -> Iterator[tuple[facts.Request, _Problems]]:
    """Leave marks in the sweeps' folder and in the storage, by which nodes know them."""
    problems = _Problems()
    paths = {SWEEPS: str(question.output.absolute())}
    uri = (question.config.resources.storage if question.config else None) or ""
    if uri.startswith("/"):
        paths[STORAGE] = uri
    mark = facts.existing(question.output) / f".doctor-{uuid.uuid4().hex[:12]}"
    storage_mark = ""
    try:
        mark.touch()
    except OSError as error:
        problems.folder = f"not writable ({error.strerror})"
    storage = None
    if uri:
        try:
            storage = RemoteStorage(uri)
            storage_mark = storage.write_mark()
        except (ValueError, OSError) as error:
            problems.storage = " ".join(str(error).split())
    request: facts.Request = {
        "folder_mark": "" if problems.folder else str(mark),
        "storage": uri if storage_mark else "",
        "storage_mark": storage_mark,
        "paths": paths,
    }
    try:
        yield request, problems
    finally:
        mark.unlink(missing_ok=True)
        if storage is not None and storage_mark:
            storage.delete_mark(storage_mark)


def _own_resources() -> dict[str, float]:
    """Return what a Ray that this machine starts would have."""
    from ray._private.accelerators import get_accelerator_manager_for_resource
    from ray._private.utils import get_num_cpus

    manager = get_accelerator_manager_for_resource("GPU")
    gpus = manager.get_current_node_num_accelerators() if manager else 0
    return {"CPU": float(get_num_cpus()), "GPU": float(gpus)}
