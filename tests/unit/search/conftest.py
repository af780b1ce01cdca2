"""Sessions of a sweep, with Tune's calls made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mtl_search.config import Config
from tests.support import small_sweeps as small
from tests.support.fake_tune import FakeTune, Session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session of the sweep in the test's folder; calling it again resumes."""
    with ExitStack() as stack:

        def begin(config: Config | None = None, **options: Any) -> FakeTune:
            fake = FakeTune(config or small.config(), tmp_path, **options)
            stack.callback(fake.kill)
            return fake

        yield begin
