"""Packages of the extras, and the model hub without a network."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from mtl_search import extras
from mtl_search.errors import ConfigError
from mtl_search.extras import hub, import_extra

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture
def constants(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Constants of the hub's client, whose server is a free port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stand_in = SimpleNamespace(HF_HUB_OFFLINE=False, ENDPOINT=f"http://127.0.0.1:{port}")
    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(constants=stand_in))
    monkeypatch.setitem(sys.modules, "huggingface_hub.constants", stand_in)
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return stand_in


@pytest.fixture
def server() -> Iterator[str]:
    """Address of a server that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_package_is_imported() -> None:
    assert import_extra("json", "text", "model.backbone") is json


def test_a_missing_package_names_its_extra_and_the_key() -> None:
    with pytest.raises(ConfigError) as caught:
        import_extra("no_such_package", "vision", "model.backbone.name")
    assert caught.value.path == "model.backbone.name"
    assert "no_such_package" in str(caught.value)
    assert "pip install 'mtl-search[vision]'" in str(caught.value)


def test_without_a_network_the_hub_is_offline_inside_and_as_before_outside(
    constants: SimpleNamespace,
) -> None:
    def load() -> None:
        with hub():
            assert constants.HF_HUB_OFFLINE
            raise OSError("no such file in the cache")

    with pytest.raises(OSError, match="no such file"):
        load()
    assert not constants.HF_HUB_OFFLINE


def test_a_server_that_answers_is_asked(constants: SimpleNamespace, server: str) -> None:
    constants.ENDPOINT = server
    with hub():
        assert not constants.HF_HUB_OFFLINE


def test_who_has_set_the_hub_offline_keeps_it(constants: SimpleNamespace, server: str) -> None:
    constants.ENDPOINT = server
    constants.HF_HUB_OFFLINE = True
    with hub():
        assert constants.HF_HUB_OFFLINE
    assert constants.HF_HUB_OFFLINE


def test_a_proxy_is_taken_to_answer(
    constants: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "getproxies", lambda: {"https": "http://proxy:3128"})
    with hub():
        assert not constants.HF_HUB_OFFLINE
