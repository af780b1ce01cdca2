"""Versions of Ray and Python in the error that Ray really raises."""

from __future__ import annotations

import platform

import pytest
import ray
from ray._private.utils import check_version_info

from mtl_search.cluster.ray_versions import VersionMismatch, find_mismatch


def test_the_versions_of_both_are_read() -> None:
    there = {"ray_version": "2.55.0", "python_version": "3.9.1"}
    with pytest.raises(RuntimeError) as raised:
        check_version_info(there, "node 10.0.0.1")
    here = platform.python_version()
    found = find_mismatch(str(raised.value))
    assert found == VersionMismatch("2.55.0", ray.__version__, "3.9.1", here)
    assert find_mismatch(" ".join(str(raised.value).split())) == found


@pytest.mark.parametrize("text", ["", "no route to host", "Version mismatch", "Ray: 1 Python: 2"])
def test_other_errors_are_none(text: str) -> None:
    assert find_mismatch(text) is None
