"""Whether all nodes have the versions of this machine."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.jobs.doctor.versions import check_versions
from tests.support import examinations
from tests.support.examinations import bad, only_bad

HERE = {"mtl-search": "0.2.0", "ray": "2.60.0", "torch": "2.13.0"}


@pytest.mark.parametrize(
    ("changes", "status", "words", "cure"),
    [
        ({"versions": {**HERE, "ray": "2.61.0"}}, "fail", "ray 2.61.0, here 2.60.0", "ray["),
        ({"versions": {**HERE, "torch": "2.12.0"}}, "warn", "torch 2.12.0", "torch==2.13.0"),
        ({"versions": {**HERE, "torch": ""}}, "fail", "torch missing", "torch==2.13.0"),
        ({"versions": {**HERE, "mtl-search": ""}}, "fail", "mtl-search missing", "mtl-search=="),
        ({"python": "3.12.1"}, "fail", "Python 3.12.1, here 3.11.7", "uv python install 3.11.7"),
        ({"python": "3.11.9"}, "warn", "Python 3.11.9", "uv python install 3.11.7"),
        ({"code": "ffff0000"}, "warn", "other code of mtl_search", "mtl-search==0.2.0"),
    ],
)
def test_another_version_there_is_named_with_the_command_that_installs_ours(
    changes: dict[str, Any], status: str, words: str, cure: str
) -> None:
    seen = examinations.cluster(examinations.node(**changes))
    assert bad(check_versions, seen) == [(status, "10.0.0.2")]
    finding = only_bad(check_versions, seen)
    assert words in finding.value
    assert finding.cure.startswith("ssh 10.0.0.2 '")
    assert cure in finding.cure


def test_a_build_of_torch_is_found_where_builds_are() -> None:
    build = {**HERE, "torch": "2.13.0+cu126"}
    there = examinations.node(versions={**HERE, "torch": ""})
    seen = examinations.alone(examinations.facts(versions=build), nodes=[there])
    index = "--extra-index-url https://download.pytorch.org/whl/cu126"
    assert f'pip install {index} "torch==2.13.0+cu126"' in only_bad(check_versions, seen).cure


def test_nothing_but_what_differs_is_installed_again() -> None:
    """Ray, above all: pip would take the latest, which the head lets not in."""
    other = examinations.cluster(examinations.node(code="ffff0000"))
    assert "--force-reinstall --no-deps" in only_bad(check_versions, other).cure
    missing = examinations.cluster(examinations.node(versions={**HERE, "mtl-search": ""}))
    assert "--force-reinstall" not in only_bad(check_versions, missing).cure


def test_a_version_here_that_is_too_old_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["ray[default,train,tune]<3,>=2.60", "torch>=2.9", "kornia; extra == 'images'"]
    monkeypatch.setattr("importlib.metadata.requires", lambda name: wanted)
    assert bad(check_versions, examinations.alone()) == []
    old = examinations.facts(versions={**HERE, "ray": "2.59.0", "torch": ""})
    finding = only_bad(check_versions, examinations.alone(old))
    assert finding.status == "fail"
    assert "ray 2.59.0, torch missing; mtl_search needs ray[" in finding.value
    assert "pip install 'ray[default,train,tune]<3,>=2.60' 'torch>=2.9'" in finding.cure
