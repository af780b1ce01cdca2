from __future__ import annotations

import socket
from pathlib import Path

import pytest

from mtl_search.cli.models.serving import curl_example, serve_command
from mtl_search.errors import ConfigError, SweepError
from tests.support.small_models import trained

_NAMES: dict[str, str | None] = {"trial": None, "arm": None}


def test_options_and_models_that_are_wrong_end_before_a_server_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"models:/a/1 is a saved model"):
        serve_command(
            "models:/a/1", "127.0.0.1", _free(), 1,
            names={"trial": "search-0001", "arm": None}, ensemble=False, trust_code=False,
        )  # fmt: skip
    with pytest.raises(SweepError):
        serve_command(
            str(tmp_path / "none"), "127.0.0.1", _free(), 1,
            names=_NAMES, ensemble=False, trust_code=False,
        )  # fmt: skip
    with pytest.raises(SweepError, match=r"cannot listen on 192\.0\.2\.1:8080"):
        serve_command("x", "192.0.2.1", 8080, 1, names=_NAMES, ensemble=False, trust_code=False)


def test_the_example_is_quoted_for_a_shell(tmp_path: Path) -> None:
    _, model = trained("molecules", tmp_path)
    text = curl_example(model, "http://127.0.0.1:1")
    assert text.startswith(
        "curl http://127.0.0.1:1/invocations -H 'Content-Type: application/json'"
    )
    assert text.endswith("}'")


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
