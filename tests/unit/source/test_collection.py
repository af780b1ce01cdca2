"""The garbage collector rests for as long as anybody needs it to, and is then as before."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from mtl_search.source.collection import collection_paused


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.enable()


def test_it_rests_also_when_an_import_fails() -> None:
    with pytest.raises(ImportError, match="False"), collection_paused():
        raise ImportError(str(gc.isenabled()))
    assert gc.isenabled()


def test_it_rests_until_the_last_thread_needs_it_no_more() -> None:
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with collection_paused():
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=work)
    with collection_paused():
        thread.start()
        assert inside.wait(5)
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()


def test_one_that_the_user_has_switched_off_stays_off() -> None:
    gc.disable()
    with collection_paused(), collection_paused():
        pass
    assert not gc.isenabled()
