"""Sizes for people."""

from __future__ import annotations

from mtl_search.jobs.doctor.sizes import GIB, MIB, size


def test_the_unit_changes_at_one_gib() -> None:
    assert [size(0), size(GIB - MIB), size(GIB)] == ["0 MiB", "1023 MiB", "1.0 GiB"]
