"""The switch for pretrained weights."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mtl_search.models.backbones.pretrained import pretrained_enabled, skip_pretrained


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
