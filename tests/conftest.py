"""What all tests share: one local Ray, the folder of real data sets, and skips that turn into
failures under CI.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from mtl_search.config import secrets
from tests.support.repository import REPOSITORY


class _FileByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Each file of tests is one piece of work, in the order of collection: those that wait for Ray
    come first.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _FileByFile:
    """Asked by pytest-xdist."""
    config.option.loadscopereorder = (
        False  # the files with most tests would come first, and they take the least time
    )
    return _FileByFile(config, log)


def _under_ci() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


# Read when the libraries are imported, and inherited by the processes that tests start.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Two processes run tests side by side: with more threads each, they would wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# A dozen processes of each MLflow server, which evaluate language models.
os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
# A server of the developer's own is no place for the sweeps of tests.
os.environ.pop("MLFLOW_TRACKING_URI", None)

# No deadline: an example's time says more about a busy machine than about the code. Under CI the
# same examples every time, so that a failure there is the change's; by hand other ones each time,
# to find what is left.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if _under_ci() else "local")


@pytest.fixture(autouse=True)
def _no_secrets_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's config takes from the environment is masked in no other test."""
    monkeypatch.setattr(secrets, "_labels", {})


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[None]:
    """A local Ray with 4 CPUs, started once for all tests. Ray counts these CPUs and does not need
    that many.

    Token authentication stays on, as it is for users. There is no dashboard, so `ray.util.state`
    does not answer; a test that needs it starts a Ray of its own, in another process.
    """
    import ray

    # "local", or Ray would join a cluster that RAY_ADDRESS names.
    ray.init(address="local", num_cpus=4, include_dashboard=False, log_to_driver=False)
    # Ray writes it readable for everyone.
    token = Path.home() / ".ray" / "auth_token"
    if token.exists():
        token.chmod(0o600)
    yield
    ray.shutdown()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data sets that are not in the repository. It may be missing: ask `need_data`
    for what is in it.
    """
    return Path(os.environ.get("MTL_SEARCH_SHARED_DATA") or REPOSITORY.parent / "shared" / "data")


@pytest.fixture(scope="session")
def need_data(shared_data: Path) -> Callable[[str], Path]:
    """Call it with a name in the shared data folder, `need_data("mnist")`: the path, or no test
    without that data.
    """

    def need(name: str) -> Path:
        path = shared_data / name
        if not path.exists():
            _cannot_run(
                f"needs the data {name!r}: {path} does not exist (set MTL_SEARCH_SHARED_DATA to "
                "their folder)"
            )
        return path

    return need


@pytest.fixture(scope="session")
def need_file() -> Callable[[str], Path]:
    """Call it with a path below the folder `shared` beside the repository, such as
    `need_file("schemas/RayJob.v1.schema.json")`: the file, or no test without it.
    """

    def need(name: str) -> Path:
        path = REPOSITORY.parent / "shared" / name
        if not path.is_file():
            _cannot_run(f"needs the file {path}, which does not exist")
        return path

    return need


@pytest.fixture(scope="session")
def need_program() -> Callable[[str], str]:
    """Call it with the name of an external program, `need_program("postgres")`: its path, or no
    test without it.
    """

    def need(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            _cannot_run(f"needs the program {name!r}, which is not on PATH")
        return path

    return need


@pytest.fixture(scope="session")
def need_namespaces() -> None:
    """Machines of their own, for tests that need them: no test where this one cannot have them."""
    from tests.support.nodes import enclosed

    if not enclosed():
        _cannot_run("needs root and namespaces, for machines of their own on this one")


def _cannot_run(reason: str) -> NoReturn:
    """Skip the test where a person sees the reason; fail it under CI, where nobody would."""
    if _under_ci():
        pytest.fail(f"{reason}; under CI this is a failure", pytrace=False)
    pytest.skip(reason)
