"""Why a cluster was not reached, by the errors that Ray really raises."""

from __future__ import annotations

import platform

import pytest
import ray
from ray._private.utils import check_version_info
from ray.exceptions import AuthenticationError

from mtl_search.errors import ClusterError
from mtl_search.jobs.doctor.survey import explain


def _wrapped(cause: Exception) -> ClusterError:
    error = ClusterError(f"cannot join the Ray cluster at 10.0.0.1:6379: {cause}")
    error.__cause__ = cause
    return error


def test_a_wrong_token_names_the_command_that_prints_the_right_one() -> None:
    trouble = explain(_wrapped(AuthenticationError("wrong")), "10.0.0.1:6379")
    assert "refuses this machine's token" in trouble.message
    assert trouble.cure.endswith('RAY_AUTH_TOKEN="$(ssh 10.0.0.1 ray get-auth-token)"')
    assert "ssh" not in explain(_wrapped(AuthenticationError("wrong")), "auto").cure


_HERE = ray.__version__
_INSTALL = f'uv pip install mtl-search "ray[default,train,tune]=={_HERE}"'


@pytest.mark.parametrize(
    ("versions", "cure"),
    [
        (("2.99.0", platform.python_version()), 'pip install "ray[default,train,tune]==2.99.0"'),
        (
            (_HERE, "3.9.1"),
            f"uv venv --python 3.9.1 python3.9.1 && . python3.9.1/bin/activate && {_INSTALL}",
        ),
    ],
)
def test_another_version_names_the_command_that_installs_it(
    versions: tuple[str, str], cure: str
) -> None:
    trouble = explain(_mismatch(*versions), "10.0.0.1:6379")
    assert f"has Ray {versions[0]} and Python {versions[1]}, this machine Ray" in trouble.message
    assert trouble.cure == cure


def test_a_ray_that_is_too_old_is_replaced_on_the_cluster() -> None:
    """With it here, mtl_search would not run."""
    error = _mismatch("2.55.0", platform.python_version())
    trouble = explain(error, "10.0.0.1:6379")
    assert trouble.message.endswith("mtl_search needs Ray 2.60 or later on all nodes")
    install = f'pip install "ray[default,train,tune]=={_HERE}" mtl-search && ray stop'
    assert trouble.cure == f"ssh 10.0.0.1 '{install} && ray start --head --port=6379'"
    assert explain(error, "auto").cure == f"{install} && ray start --head"


def _mismatch(ray_version: str, python_version: str) -> ClusterError:
    there = {"ray_version": ray_version, "python_version": python_version}
    with pytest.raises(RuntimeError, match="Version mismatch") as raised:
        check_version_info(there, "node 10.0.0.1")
    return _wrapped(raised.value)


def test_any_other_error_is_passed_on_in_one_line() -> None:
    trouble = explain(ClusterError("no Ray cluster\n answers"), "auto")
    assert (trouble.message, trouble.cure) == ("no Ray cluster answers", "ray start --head")


@pytest.mark.parametrize(
    ("address", "cure"),
    [
        ("auto", "ray start --head"),
        ("127.0.0.1:6379", "ray start --head --port=6379"),
        ("10.0.0.1:6379", "ssh 10.0.0.1 ray start --head --port=6379"),
        ("ray://10.0.0.1:10001", "mtl-search doctor --address http://HEAD:8265"),
    ],
)
def test_where_nobody_is_a_cluster_can_be_started(address: str, cure: str) -> None:
    assert explain(ClusterError("nobody"), address).cure == cure
