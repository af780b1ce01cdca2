"""Why a cluster was not reached, by the errors that Ray really raises."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    ("versions", "cure"),
    [
        (("2.59.0", "3.11.7"), 'pip install "ray[default,train,tune]==2.59.0"'),
        ((ray.__version__, "3.12.1"), "uv venv --python 3.12.1 && uv pip install mtl-search"),
    ],
)
def test_another_version_names_the_command_that_installs_it(
    versions: tuple[str, str], cure: str
) -> None:
    there = {"ray_version": versions[0], "python_version": versions[1]}
    with pytest.raises(RuntimeError, match="Version mismatch") as raised:
        check_version_info(there, "node 10.0.0.1")
    trouble = explain(_wrapped(raised.value), "10.0.0.1:6379")
    assert f"has Ray {versions[0]} and Python {versions[1]}, this machine Ray" in trouble.message
    assert trouble.cure == cure


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
