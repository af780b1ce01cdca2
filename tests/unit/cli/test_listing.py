"""`mtl-search list`."""

from __future__ import annotations

from mtl_search.cli.errors import WRONG_INPUT
from mtl_search.cli.listing import FAMILIES, arguments, summary
from mtl_search.metrics.definitions import METRICS
from mtl_search.search.schedulers import SCHEDULERS
from tests.unit.cli.test_fuzzing import run_cli


def test_list_shows_every_member_of_every_family() -> None:
    status, output = run_cli("list")
    assert status == 0
    for name, family in FAMILIES.items():
        assert name in output
        for member in family.registry:
            assert member in output


def test_list_of_one_family_has_arguments_and_defaults() -> None:
    status, output = run_cli("list", "schedulers")
    assert status == 0
    assert "grace_period=None" in output
    assert "softmax" not in output
    status, output = run_cli("list", "scheduler")
    assert (status, "did you mean 'schedulers'?" in output) == (WRONG_INPUT, True)


def test_a_member_is_told_by_its_docstring_and_its_parameters() -> None:
    assert summary(SCHEDULERS, "fifo") == "Every trial trains to its end"
    assert arguments(SCHEDULERS, "fifo") == ""
    assert arguments(SCHEDULERS, "asha") == "grace_period=None, reduction_factor=3"
    assert (summary(METRICS, "mse"), arguments(METRICS, "mse")) == (
        "mean squared error (lower is better)",
        "",
    )
