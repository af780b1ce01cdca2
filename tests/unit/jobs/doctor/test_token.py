"""The state of the token."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.jobs.doctor.token import check_token
from tests.support import examinations
from tests.support.examinations import bad, only_bad

NONE = {"mode": "", "source": "", "permissions": None, "is_shared": False}


def test_a_file_that_only_its_owner_reads_is_fine() -> None:
    assert bad(check_token, examinations.cluster(examinations.node())) == []


def test_a_file_that_others_read_is_made_private() -> None:
    token = {"mode": "token", "source": "/home/me/.ray/auth_token", "permissions": 0o644}
    token["is_shared"] = True
    finding = only_bad(check_token, examinations.alone(examinations.facts(token=token)))
    assert finding.status == "fail"
    assert "0644" in finding.value
    assert finding.cure == "chmod 600 /home/me/.ray/auth_token"


def test_a_file_that_others_do_not_reach_is_fine() -> None:
    token = {**NONE, "mode": "token", "source": "/run/secrets/ray_token", "permissions": 0o444}
    assert bad(check_token, examinations.alone(examinations.facts(token=token))) == []


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (NONE, "warn"),
        ({**NONE, "mode": "token"}, "fail"),
        ({**NONE, "mode": "disabled"}, "warn"),
    ],
)
def test_a_cluster_without_a_token_lets_everyone_in(token: dict[str, Any], status: str) -> None:
    seen = examinations.cluster(examinations.node(token=token))
    assert bad(check_token, seen) == [(status, "10.0.0.2")]


def test_a_local_ray_makes_a_token() -> None:
    assert bad(check_token, examinations.alone(examinations.facts(token=NONE))) == []


def test_a_token_in_the_environment_is_not_shown() -> None:
    token = {**NONE, "mode": "token", "source": "RAY_AUTH_TOKEN"}
    [finding] = check_token(examinations.alone(examinations.facts(token=token)))
    assert finding.value == "RAY_AUTH_MODE token, token in RAY_AUTH_TOKEN"
