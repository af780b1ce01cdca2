"""The switch for pretrained weights."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from torch import nn

from mtl_search.models.backbones.pretrained import (
    Described,
    architecture_of,
    pretrained_enabled,
    skip_pretrained,
    stored_architecture,
)


def test_weights_are_skipped_inside_the_context_only() -> None:
    assert pretrained_enabled()
    with skip_pretrained():
        assert not pretrained_enabled()
        with skip_pretrained():
            assert not pretrained_enabled()
        assert not pretrained_enabled()
    assert pretrained_enabled()


def test_an_error_ends_the_context() -> None:
    with pytest.raises(ZeroDivisionError), skip_pretrained():
        raise ZeroDivisionError
    assert pretrained_enabled()


def test_another_thread_is_not_affected() -> None:
    with skip_pretrained(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(pretrained_enabled).result()


def test_the_architecture_of_a_stored_model_is_known_inside_the_context() -> None:
    assert stored_architecture() is None
    with skip_pretrained({"width": 3}):
        assert stored_architecture() == {"width": 3}
        with skip_pretrained():
            assert stored_architecture() is None
    assert stored_architecture() is None


def test_a_network_tells_the_architecture_of_its_backbone() -> None:
    part = Described()
    part.architecture = {"width": 3}
    assert architecture_of(nn.Sequential(nn.Linear(1, 1), nn.Sequential(part))) == {"width": 3}
    assert architecture_of(nn.Linear(1, 1)) is None
