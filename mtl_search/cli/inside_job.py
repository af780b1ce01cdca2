"""What is different where `mtl-search run` is the command of a submitted job."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mtl_search import __version__
from mtl_search.errors import ClusterError, ConfigError
from mtl_search.jobs import submission


def check_versions() -> None:
    """Refuse a job that another version has checked and packed.

    Raises:
        ClusterError: The versions differ.
    """
    submitted_by = os.environ.get(submission.VERSION, __version__)
    if submitted_by != __version__:
        raise ClusterError(
            f"this job was submitted by mtl_search {submitted_by}, and the cluster has "
            f"{__version__}: install the same version here and there"
        )


@contextmanager
def code_of_a_job() -> Iterator[None]:
    """Add the cure to errors about code that is not on the cluster.

    Raises:
        ConfigError: The error as it was, outside of a job; in a job, with the cure.
    """
    try:
        yield
    except ConfigError as error:
        if submission.JOB not in os.environ or "cannot import module" not in error.problem:
            raise
        raise ConfigError(
            f"{error.problem}: this job brought along the modules that the config names and the "
            "local ones that they import; install packages on all nodes of the cluster, and name "
            "other code of yours by --include",
            path=error.path,
            value=error.value,
        ) from error
