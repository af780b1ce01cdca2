"""The Ray that the tests share is the one that users get: with a token, and able to import what
tests define.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import ray

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("ray_cluster")]


def _is_imported_by_name() -> tuple[bool, int]:
    # In a copy that came by value this name is in no sys.modules.
    return __name__ in sys.modules, os.getpid()


def test_a_worker_imports_the_test_module_by_name() -> None:
    imported, pid = ray.get(ray.remote(_is_imported_by_name).remote())
    assert imported
    assert pid != os.getpid()


def test_the_token_is_not_readable_for_others() -> None:
    token = Path.home() / ".ray" / "auth_token"
    assert token.exists() or "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ
    if token.exists():
        assert token.stat().st_mode & 0o077 == 0
