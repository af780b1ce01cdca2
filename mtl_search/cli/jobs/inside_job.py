"""What is different where `mtl-search run` is the command of a submitted job."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mtl_search.errors import ClusterError, ConfigError, DataError
from mtl_search.jobs import submission


def check_versions() -> None:
    """Refuse a job that another version has checked and packed.

    Raises:
        ClusterError: The versions differ.
    """
    here = submission.installed_version()
    submitted_by = os.environ.get(submission.VERSION, here)
    if submitted_by != here:
        raise ClusterError(
            f"this job was submitted by mtl_search {submitted_by}, and the cluster has "
            f"{here}: install the same version here and there"
        )


@contextmanager
def cures_of_a_job() -> Iterator[None]:
    """Add the cure to errors about code and files that are not on the cluster.

    Raises:
        ConfigError: The error as it was, outside of a job; in a job, with the cure.
        DataError: Likewise.
    """
    try:
        yield
    except (ConfigError, DataError) as error:
        cure = _cure(str(error)) if submission.JOB in os.environ else ""
        if not cure:
            raise
        kind = ConfigError if isinstance(error, ConfigError) else DataError
        raise kind(f"{error}\n  {cure}") from error


def _cure(text: str) -> str:
    if "cannot import module" in text or "No module named" in text:
        return (
            "this job took along the modules that the config names and the local ones that they "
            "import: install packages on all nodes of the cluster; other code goes by --include"
        )
    if "No such file" in text or "there is no such" in text:
        return (
            "relative paths are those of the job's package: send the file by --include, or name an "
            "absolute path that all nodes see"
        )
    return ""
