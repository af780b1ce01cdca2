"""The start and the end of a Ray of this machine, which lives for one sweep."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import ray
from ray._private import utils as ray_utils
from ray._private import worker
from ray.job_config import JobConfig

from mtl_search.cluster import local_files
from mtl_search.cluster.preloading import in_environment, preload_settings
from mtl_search.config import Config
from mtl_search.errors import ClusterError

# What Tune asks for its actors (`class_cache.DEFAULT_ENV_VARS`).
_ASKED_BY_TUNE = {"PL_DISABLE_FORK": "1"}


def start(config: Config | None, job: JobConfig) -> None:
    """Start it.

    Args:
        config: The sweep's config; None where no sweep runs.
        job: What Ray's workers are told of this process.

    Raises:
        ClusterError: It does not start.
    """
    # The dashboard's state API is needed to clean up after Ray Train's worker groups.
    dashboard = config is not None and config.resources.workers > 1
    settings = _ASKED_BY_TUNE | preload_settings(config, ray_utils.get_num_cpus())
    try:
        with in_environment(settings):
            ray.init(
                address="local",
                include_dashboard=dashboard,
                log_to_driver=False,
                logging_level=logging.ERROR,
                job_config=job,
            )
    except Exception as error:  # of many kinds; on a very busy machine Ray gives up
        stop()
        reason = local_files.explain(" ".join(str(error).split()))
        raise ClusterError(f"Ray does not start on this machine: {reason}") from error


def stop() -> None:
    """End it; Ray would wait for a second for its autoscaler, which does not hear the first signal.

    A machine alone has nothing to scale.
    """
    node = worker._global_node  # noqa: SLF001  # no public way
    if node is not None:
        node.kill_monitor(check_alive=False)
    ray.shutdown()


@contextmanager
def inherited_environment() -> Iterator[None]:
    """Have Tune's actors run in the environment of Ray's processes, which is the driver's.

    Tune asks for an environment of their own, although it has the same variables. So Ray would
    start a process anew for each of them, and those that it has started already, which have
    imported what a slot needs, would wait in vain and then be gone.
    """
    from ray.tune.execution import class_cache  # slow to import, and not every command needs it

    before = class_cache.DEFAULT_ENV_VARS, class_cache.ENV_VARS_TO_PROPAGATE
    class_cache.DEFAULT_ENV_VARS, class_cache.ENV_VARS_TO_PROPAGATE = {}, set()
    try:
        yield
    finally:
        class_cache.DEFAULT_ENV_VARS, class_cache.ENV_VARS_TO_PROPAGATE = before
